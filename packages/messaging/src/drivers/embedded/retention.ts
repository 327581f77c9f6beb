import type { Clock } from '@rapport/core'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { removeRecord } from './append.ts'
import { chunkAppendedAtMs, chunkCount, soleKeyBytes } from './chunk.ts'
import type { Environment } from './environment.ts'
import type { GroupWriter } from './group-writer.ts'
import { Heads } from './heads.ts'
import { chunkKey, indexKey, offsetOfChunkKey, partitionEnd, partitionOfChunkKey } from './keys.ts'
import type { Topic } from './topic-table.ts'

/** What one transaction removes at most: other writers wait for it. */
const STEP_CHUNKS = 64
const TOMBSTONE_LIFE_MS = 24 * 60 * 60 * 1000

export interface Trimmed {
  readonly records: number
  readonly bytes: number
}

interface Step extends Trimmed {
  readonly more: boolean
}

export interface RetentionOptions {
  readonly environment: Environment
  readonly writer: GroupWriter
  readonly clock: Clock
}

const nothing: Step = { records: 0, bytes: 0, more: false }

/** Drops what the topic's retention no longer covers, and tombstones after their time, a few chunks at a time. */
export async function trimTopic(options: RetentionOptions, topic: Topic): Promise<Trimmed> {
  let records = 0
  let bytes = 0
  for (let partition = 0; partition < topic.partitions; partition += 1) {
    for (let more = true; more;) {
      const step = topic.compacted ? dropTombstones(options, topic, partition) : dropOldest(options, topic, partition)
      const done = step === undefined ? nothing : await options.writer.run(step)
      records += done.records
      bytes += done.bytes
      more = done.more
      if (more) await nextTurn()
    }
  }
  return { records, bytes }
}

/** The operation that removes the partition's oldest chunks, or nothing when all of them are to stay. */
function dropOldest(options: RetentionOptions, topic: Topic, partition: number): (() => Step) | undefined {
  const { environment, clock } = options
  const limits = { oldestMs: clock.now() - topic.retentionMs, bytes: topic.retentionBytes }
  const start = chunkKey(topic.id, partition, 0)
  const range = { start, end: partitionEnd(topic.id, partition), limit: STEP_CHUNKS }
  const isOver = (chunk: Buffer, heldBytes: number): boolean =>
    chunkAppendedAtMs(chunk) < limits.oldestMs || heldBytes > limits.bytes

  const [oldest] = environment.chunks.getRange({ ...range, limit: 1 })
  const held = Heads.read(environment, topic.id, topic.partitions).bytes(partition)
  if (oldest === undefined || !isOver(oldest.value, held)) return undefined
  return () => {
    const heads = Heads.read(environment, topic.id, topic.partitions)
    let records = 0
    let bytes = 0
    let chunks = 0
    // Read before anything is removed: a cursor does not stand changes under it.
    const oldest = Array.from(environment.chunks.getRange(range))
    for (const { key, value } of oldest) {
      if (!isOver(value, heads.bytes(partition))) break
      environment.chunks.removeSync(Buffer.from(key))
      heads.addBytes(partition, -value.length)
      records += chunkCount(value)
      bytes += value.length
      chunks += 1
    }
    heads.write(environment, topic.id)
    return { records, bytes, more: chunks === STEP_CHUNKS }
  }
}

function dropTombstones(options: RetentionOptions, topic: Topic, partition: number): (() => Step) | undefined {
  const { environment, clock } = options
  const dueMs = clock.now() - TOMBSTONE_LIFE_MS
  const range = { start: chunkKey(topic.id, partition, 0), end: partitionEnd(topic.id, partition), limit: STEP_CHUNKS }
  // Tombstones stand in the order of their append times: when the first is not due, none is.
  const due = (): Uint8Array[] =>
    [...environment.tombstones.getRange(range)]
      .filter(({ value }) => value.readDoubleLE(0) <= dueMs)
      .map(({ key }) => key)
  if (due().length === 0) return undefined
  return () => {
    const heads = Heads.read(environment, topic.id, topic.partitions)
    const keys = due()
    const before = heads.bytes(partition)
    for (const key of keys) dropTombstone(environment, topic, { key, heads })
    heads.write(environment, topic.id)
    return { records: keys.length, bytes: before - heads.bytes(partition), more: keys.length === STEP_CHUNKS }
  }
}

function dropTombstone(
  environment: Environment,
  topic: Topic,
  { key, heads }: { key: Uint8Array; heads: Heads },
): void {
  const chunk = environment.chunks.getBinary(key)
  const offset = offsetOfChunkKey(key)
  if (chunk !== undefined) {
    const index = indexKey(topic.id, soleKeyBytes(chunk))
    if (environment.keys.getBinaryFast(index)?.readDoubleLE(0) === offset) environment.keys.removeSync(index)
  }
  removeRecord(environment, { topic, heads, partition: partitionOfChunkKey(key), offset })
}
