import { topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { blame } from '@rapport/messaging'
import { readArchiveFiles, type ArchiveFile, type ArchiveLine, type ObjectStore } from '@rapport/object-store'
import { OnlineStoreInputError, type OnlineStore } from '@rapport/online-store'
import { readParsedEvent } from '../domain/read-event.ts'
import type { Figures } from '../domain/rebuild-work.ts'
import { applyEvents, type EventBatch } from './apply-events.ts'

export interface ReplayOptions {
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly dedupWindowMs: number
  readonly maxBatchEvents: number
  /** Of the online store: nothing is written in another. */
  readonly session: number
  /** Asked before each write: what is left of a partition that is not wanted (any more) is left out. */
  readonly isWanted: (partition: number) => boolean
  /** Told after each batch. */
  readonly onProgress: (partition: number, figures: Figures) => void | Promise<void>
  readonly signal: AbortSignal
  readonly log: Log
}

export interface ReplayedArchive {
  /** Events. */
  readonly read: number
  /** Partitions of which something was left out. */
  readonly left: ReadonlySet<number>
}

/** As in live consumption. */
const maxFailures = 3
/** After every file. */
const nowhere = Number.MAX_SAFE_INTEGER

/**
 * Applies a tenant's archived events of some partitions from the given offsets on, under the topic, partition and offset
 * that they have in the log, so that the marks of what is applied here are the marks of live consumption. Moves `next`
 * along. Of a partition that was not wanted for a moment nothing more is applied: marks above a gap would hide it for good.
 * Rejects when the signal aborts.
 */
export async function replayArchive(
  tenant: string,
  next: Map<number, number>,
  options: ReplayOptions & { readonly partitions: readonly number[] },
): Promise<ReplayedArchive> {
  const topic = topics.events.name
  const from = new Map(Array.from({ length: topics.events.partitions }, (_, partition) => [partition, nowhere]))
  for (const partition of options.partitions) from.set(partition, next.get(partition) ?? 0)
  let read = 0
  const left = new Set<number>()
  for await (const { file, lines } of readArchiveFiles(options.objectStore, tenant, topic, { from })) {
    if (left.has(file.partition)) continue
    if (await applyFile(file, lines, options)) {
      read += lines.length
      next.set(file.partition, file.last + 1)
    } else {
      left.add(file.partition)
    }
  }
  return { read, left }
}

/** False when the partition is not wanted any more. */
async function applyFile(
  { topic, partition }: ArchiveFile,
  lines: readonly ArchiveLine[],
  options: ReplayOptions,
): Promise<boolean> {
  for (let start = 0; start < lines.length; start += options.maxBatchEvents) {
    options.signal.throwIfAborted()
    if (!options.isWanted(partition)) return false
    const part = lines.slice(start, start + options.maxBatchEvents)
    const applied = await applyLines({ topic, partition, events: readLines(part) }, options)
    await options.onProgress(partition, { read: part.length, applied })
  }
  return true
}

/** What live consumption sent to the dead letters is left out by the same rule. */
function readLines(lines: readonly ArchiveLine[]): EventBatch['events'] {
  return lines.flatMap(({ offset, key, value }) => {
    const reading = readParsedEvent(key, value)
    return reading.ok ? [{ offset, event: reading.value }] : []
  })
}

/** Resolves with the number applied. What fails in a way that may be one event's is tried event by event. */
async function applyLines(batch: EventBatch, options: ReplayOptions): Promise<number> {
  if (batch.events.length === 0) return 0
  try {
    return (await applyEvents(options.onlineStore, batch, options)).applied
  } catch (error) {
    if (blame(error) === 'environment') throw error
  }
  let applied = 0
  for (const event of batch.events) applied += await applyOne({ ...batch, events: [event] }, options)
  return applied
}

/** Leaves an event out that live consumption would have given up too. */
async function applyOne(batch: EventBatch, options: ReplayOptions): Promise<number> {
  const { topic, partition, events } = batch
  for (let failures = 1; ; failures += 1) {
    try {
      return (await applyEvents(options.onlineStore, batch, options)).applied
    } catch (error) {
      if (blame(error) === 'environment') throw error
      if (failures < maxFailures && !(error instanceof OnlineStoreInputError)) continue
      const place = { topic, partition, offset: events[0]?.offset }
      options.log.error(
        { err: error, ...place },
        'an archived event could not be applied and was left out of a rebuild',
      )
      return 0
    }
  }
}
