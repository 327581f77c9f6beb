import type { EventLog, LogRecord } from '@rapport/messaging'

/** What stands in a topic. */
export async function readAll(eventLog: EventLog, from: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(from)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic: from, partition, offset }, 1_000)
      records.push(...page)
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return records
}
