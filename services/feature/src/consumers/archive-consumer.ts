import { archivedTopics, archiveGroup } from '@rapport/contracts'
import type { EventLog, Subscriber } from '@rapport/messaging'
import type { ArchiveWriter } from '../archive/archive-writer.ts'
import type { FeatureMetrics } from '../metrics.ts'

/** Nobody waits for the archive: it takes what has gathered. */
const minIntervalMs = 250

/** Consumes every topic that is archived. A batch is committed by the writer, when its files are stored. */
export function consumeForArchive(
  eventLog: EventLog,
  writer: ArchiveWriter,
  { missed }: Pick<FeatureMetrics, 'missed'>,
): Promise<Subscriber> {
  return eventLog.subscribe({
    group: archiveGroup,
    topics: archivedTopics,
    minIntervalMs,
    onAssigned: (partitions) => writer.keepOnly(partitions),
    onBatch: (batch) => writer.add(batch),
    onMissed: ({ fromOffset, toOffset }) => missed.inc({ group: archiveGroup }, toOffset - fromOffset),
  })
}
