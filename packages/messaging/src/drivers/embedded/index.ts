import { EmbeddedEventLog, type EmbeddedEventLogOptions } from './embedded-event-log.ts'

export type { EmbeddedEventLog, EmbeddedEventLogOptions }

/**
 * Opens the embedded event log in a folder, which is made when absent. Call it once in each thread of the process that
 * needs the log; one process alone may have the folder open.
 * @throws EventLogUseError when a topic's partitions or cleanup differ from those in the folder.
 */
export const openEmbeddedEventLog = (options: EmbeddedEventLogOptions): Promise<EmbeddedEventLog> =>
  EmbeddedEventLog.open(options)
