import { setTimeout as wait } from 'node:timers/promises'
import { archiveFlushKey, archiveGroup, archivedTopics, topics, type StateCommand } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { EventLog, PartitionExtent } from '@rapport/messaging'

/** The archive did not reach the log's end in time. */
export class ArchiveFlushError extends RapportError {
  override readonly name = 'ArchiveFlushError'
}

const pollMs = 25

/**
 * Resolves when everything that stood in the archived topics at the call is in the archive: it asks the archive's
 * consumer to flush (through the topic of state commands) and waits for its checkpoints.
 * @throws ArchiveFlushError `RPT_ARCHIVE_FLUSH_TIMEOUT` (can be retried) after `timeoutMs`, 60 s by default; the signal's
 * reason when it aborts.
 */
export async function flushArchive(
  eventLog: EventLog,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000)
  let behind = (await Promise.all(archivedTopics.map((topic) => eventLog.extents(topic)))).flat()
  behind = await stillBehind(eventLog, behind)
  if (behind.length > 0) await requestFlush(eventLog)
  while (behind.length > 0) {
    if (Date.now() >= deadline) {
      const [first] = behind
      throw new ArchiveFlushError(
        'RPT_ARCHIVE_FLUSH_TIMEOUT',
        `The archive has not reached the end of ${behind.length} partitions (${first?.topic}/${first?.partition} …) in time`,
        { canRetry: true },
      )
    }
    await wait(pollMs, undefined, options.signal === undefined ? {} : { signal: options.signal })
    behind = await stillBehind(eventLog, behind)
  }
}

async function requestFlush(eventLog: EventLog): Promise<void> {
  const command: StateCommand = { type: 'flush-archive', requestedAt: new Date().toISOString() }
  const value = Buffer.from(JSON.stringify(command))
  await eventLog.publish([{ topic: topics.stateCommands.name, key: archiveFlushKey, value }])
}

async function stillBehind(eventLog: EventLog, extents: readonly PartitionExtent[]): Promise<PartitionExtent[]> {
  const behind: PartitionExtent[] = []
  for (const topic of new Set(extents.map((extent) => extent.topic))) {
    const checkpoints = await eventLog.checkpoints(archiveGroup, topic)
    for (const extent of extents) {
      if (extent.topic !== topic || extent.nextOffset === extent.firstOffset) continue
      const offset = Math.max(extent.firstOffset, checkpoints.get(extent.partition)?.nextOffset ?? 0)
      if (offset >= extent.nextOffset) continue
      // What compaction has removed can no longer be archived.
      const [next] = await eventLog.read({ topic, partition: extent.partition, offset }, 1)
      if (next !== undefined && next.offset < extent.nextOffset) behind.push(extent)
    }
  }
  return behind
}
