import { placeOfStatePartition, statePartitionOf, stateTopics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { blame } from '@rapport/messaging'
import { readArchiveFiles, type ArchiveFile, type ArchiveLine, type ObjectStore } from '@rapport/object-store'
import { OnlineStoreInputError, type OnlineStore } from '@rapport/online-store'
import type { Figures } from '../domain/rebuild-work.ts'
import { readParsedRecord } from '../domain/state-record.ts'
import { applyRecords, type StateBatch } from './apply-records.ts'

export interface ReplayOptions {
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly dedupWindowMs: number
  readonly maxBatchEvents: number
  /** Of the online store: nothing is written in another. */
  readonly session: number
  /** Asked before each write: what is left of a state partition that is not wanted (any more) is left out. */
  readonly isWanted: (partition: number) => boolean
  /** Told after each batch. */
  readonly onProgress: (partition: number, figures: Figures) => void | Promise<void>
  readonly signal: AbortSignal
  readonly log: Log
}

export interface ReplayedArchive {
  /** Records. */
  readonly read: number
  /** State partitions of which something was left out. */
  readonly left: ReadonlySet<number>
}

/** As in live consumption. */
const maxFailures = 3
/** After every file. */
const nowhere = Number.MAX_SAFE_INTEGER

/**
 * Applies a tenant's archived records of some state partitions from the given offsets on, under the topic, partition and offset
 * that they have in the log, so that the marks of what is applied here are the marks of live consumption. Moves `next`
 * along. Of a partition that was not wanted for a moment nothing more is applied: marks above a gap would hide it for good.
 * Rejects when the signal aborts.
 */
export async function replayArchive(
  tenant: string,
  next: Map<number, number>,
  options: ReplayOptions & { readonly partitions: readonly number[] },
): Promise<ReplayedArchive> {
  let read = 0
  const left = new Set<number>()
  for (const { name: topic, partitions } of stateTopics) {
    const from = new Map(Array.from({ length: partitions }, (_, partition) => [partition, nowhere]))
    for (const number of options.partitions) {
      const place = placeOfStatePartition(number)
      if (place.topic === topic) from.set(place.partition, next.get(number) ?? 0)
    }
    for await (const { file, lines } of readArchiveFiles(options.objectStore, tenant, topic, { from })) {
      const number = statePartitionOf(file)
      if (left.has(number)) continue
      if (await applyFile(file, lines, options)) {
        read += lines.length
        next.set(number, file.last + 1)
      } else {
        left.add(number)
      }
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
  const number = statePartitionOf({ topic, partition })
  for (let start = 0; start < lines.length; start += options.maxBatchEvents) {
    options.signal.throwIfAborted()
    if (!options.isWanted(number)) return false
    const part = lines.slice(start, start + options.maxBatchEvents)
    const applied = await applyLines({ topic, partition, records: readLines(topic, part) }, options)
    await options.onProgress(number, { read: part.length, applied })
  }
  return true
}

/** What live consumption sent to the dead letters is left out by the same rule. */
function readLines(topic: string, lines: readonly ArchiveLine[]): StateBatch['records'] {
  return lines.flatMap(({ offset, key, value }) => {
    const reading = readParsedRecord({ topic, key }, value)
    return reading.ok ? [{ offset, record: reading.value }] : []
  })
}

/** Resolves with the number applied. What fails in a way that may be one record's is tried record by record. */
async function applyLines(batch: StateBatch, options: ReplayOptions): Promise<number> {
  if (batch.records.length === 0) return 0
  try {
    return (await applyRecords(options.onlineStore, batch, options)).applied
  } catch (error) {
    if (blame(error) === 'environment') throw error
  }
  let applied = 0
  for (const record of batch.records) applied += await applyOne({ ...batch, records: [record] }, options)
  return applied
}

/** Leaves a record out that live consumption would have given up too. */
async function applyOne(batch: StateBatch, options: ReplayOptions): Promise<number> {
  const { topic, partition, records } = batch
  for (let failures = 1; ; failures += 1) {
    try {
      return (await applyRecords(options.onlineStore, batch, options)).applied
    } catch (error) {
      if (blame(error) === 'environment') throw error
      if (failures < maxFailures && !(error instanceof OnlineStoreInputError)) continue
      const place = { topic, partition, offset: records[0]?.offset }
      options.log.error(
        { err: error, ...place },
        'an archived record could not be applied and was left out of a rebuild',
      )
      return 0
    }
  }
}
