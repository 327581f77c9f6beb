import { topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { blame } from '@rapport/messaging'
import { readArchiveFiles, type ArchiveLine, type ObjectStore } from '@rapport/object-store'
import { OnlineStoreInputError, type OnlineStore } from '@rapport/online-store'
import { readParsedEvent } from '../domain/read-event.ts'
import { applyEvents, type EventBatch } from './apply-events.ts'

export interface ReplayOptions {
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly dedupWindowMs: number
  readonly maxBatchEvents: number
  /** Told after each batch. */
  readonly onProgress: (progress: { readonly read: number; readonly applied: number }) => void | Promise<void>
  readonly signal: AbortSignal
  readonly log: Log
}

/** As in live consumption. */
const maxFailures = 3

/**
 * Applies a tenant's archived events from the given offsets on, under the topic, partition and offset that they have in
 * the log, so that the marks of what is applied here are the marks of live consumption. Moves `next` along. Resolves
 * with the number of events read; rejects when the signal aborts.
 */
export async function replayArchive(
  tenant: string,
  next: Map<number, number>,
  options: ReplayOptions,
): Promise<number> {
  const topic = topics.events.name
  let read = 0
  for await (const { file, lines } of readArchiveFiles(options.objectStore, tenant, topic, { from: new Map(next) })) {
    for (let start = 0; start < lines.length; start += options.maxBatchEvents) {
      options.signal.throwIfAborted()
      const part = lines.slice(start, start + options.maxBatchEvents)
      const applied = await applyLines({ topic, partition: file.partition, events: readLines(part) }, options)
      await options.onProgress({ read: part.length, applied })
      read += part.length
    }
    next.set(file.partition, file.last + 1)
  }
  return read
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
