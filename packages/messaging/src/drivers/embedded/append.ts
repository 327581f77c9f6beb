import { chunkAppendedAtMs, isTombstone, soleKeyBytes, type ChunkBuilder } from './chunk.ts'
import type { Environment } from './environment.ts'
import { Heads } from './heads.ts'
import { chunkKey, float64, indexKey } from './keys.ts'
import type { Topic } from './topic-table.ts'

/** Writes the chunks of one topic, in order, and gives each its offsets. Runs inside a write transaction. */
export function appendChunks(
  environment: Environment,
  topic: Topic,
  chunks: readonly ChunkBuilder[],
  nowMs: number,
): void {
  const heads = Heads.read(environment, topic.id, topic.partitions)
  for (const chunk of chunks) {
    const { partition } = chunk
    // Append times never go back within a partition, whatever the clock does: retention and rewinding search by them.
    const appendedAtMs = Math.max(nowMs, heads.appendedAtMs(partition))
    chunk.firstOffset = heads.nextOffset(partition)
    const value = chunk.finish(appendedAtMs)
    const key = chunkKey(topic.id, partition, chunk.firstOffset)
    if (topic.compacted) compact(environment, { topic, heads, partition, key, value, chunk })
    environment.chunks.putSync(key, value)
    heads.advance(partition, chunk.count, appendedAtMs)
    heads.addBytes(partition, value.length)
  }
  heads.write(environment, topic.id)
}

interface Compaction {
  readonly topic: Topic
  readonly heads: Heads
  readonly partition: number
  readonly key: Buffer
  readonly value: Buffer
  readonly chunk: ChunkBuilder
}

/** Takes away the key's older record. A chunk of a compacted topic holds one record. */
function compact(environment: Environment, { topic, heads, partition, key, value, chunk }: Compaction): void {
  const index = indexKey(topic.id, soleKeyBytes(value))
  const older = environment.keys.getBinaryFast(index)
  if (older !== undefined) removeRecord(environment, { topic, heads, partition, offset: older.readDoubleLE(0) })
  environment.keys.putSync(index, float64(chunk.firstOffset))
  if (isTombstone(chunk)) environment.tombstones.putSync(key, float64(chunkAppendedAtMs(value)))
}

interface RecordPlace {
  readonly topic: Topic
  readonly heads: Heads
  readonly partition: number
  readonly offset: number
}

/** Removes a record of a compacted topic, but for its entry in the index. */
export function removeRecord(environment: Environment, { topic, heads, partition, offset }: RecordPlace): void {
  const key = chunkKey(topic.id, partition, offset)
  const value = environment.chunks.getBinary(key)
  if (value === undefined) return
  environment.chunks.removeSync(key)
  environment.tombstones.removeSync(key)
  heads.addBytes(partition, -value.length)
}
