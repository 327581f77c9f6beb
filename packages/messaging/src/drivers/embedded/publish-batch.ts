import { murmur2, partitionOfHash } from '@rapport/core'
import type { OutgoingRecord, RecordPosition } from '../../event-log.ts'
import { CHUNK_BYTES, chunkBytesOf, ChunkBuilder, encodeHeaders, recordBytesOf } from './chunk.ts'
import type { Topic } from './topic-table.ts'

const STANDARD_BUFFERS_KEPT = 256
const WIDEST_CHARACTER_BYTES = 3

interface MutablePosition {
  topic: string
  partition: number
  offset: number
}

/** One call of `publish` that waits for its commit. */
export interface PublishEntry {
  readonly positions: MutablePosition[]
  /** The chunk of each record, in the records' order. */
  readonly chunks: ChunkBuilder[]
  readonly deadlineAtMs: number
  readonly resolve: (positions: readonly RecordPosition[]) => void
  readonly reject: (error: unknown) => void
  settled: boolean
}

interface TopicChunks {
  readonly topic: Topic
  /** In the order in which they are to be written. */
  readonly chunks: ChunkBuilder[]
  /** The chunk that takes a partition's next record. */
  readonly open: (ChunkBuilder | undefined)[]
}

/** Keeps chunk buffers for the next batch, so that a busy log does not allocate one for each commit and partition. */
export class BufferPool {
  readonly #free: Buffer[] = []

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
  }

  giveBack(buffer: Buffer): void {
    if (buffer.length === CHUNK_BYTES && this.#free.length < STANDARD_BUFFERS_KEPT) this.#free.push(buffer)
  }
}

/** Every record that one transaction will write, encoded as it came in. */
export class PublishBatch {
  readonly entries: PublishEntry[] = []
  bytes = 0
  readonly #topics = new Map<Topic, TopicChunks>()
  readonly #pool: BufferPool
  #scratch = Buffer.allocUnsafe(4096)

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  get topics(): Iterable<TopicChunks> {
    return this.#topics.values()
  }

  add(entry: PublishEntry, records: readonly OutgoingRecord[], topicOf: (name: string) => Topic): void {
    let topic: Topic | undefined
    for (const record of records) {
      if (topic === undefined || topic.name !== record.topic) topic = topicOf(record.topic)
      const chunk = this.#append(topic, record)
      entry.chunks.push(chunk)
      entry.positions.push({ topic: topic.name, partition: chunk.partition, offset: chunk.count - 1 })
    }
    this.entries.push(entry)
  }

  /** Turns the positions within chunks into offsets, once the chunks have theirs. */
  assignOffsets(): void {
    for (const { positions, chunks } of this.entries) {
      positions.forEach((position, index) => {
        position.offset += chunks[index]?.firstOffset ?? 0
      })
    }
  }

  /** The chunks' bytes have been copied into the transaction. */
  releaseBuffers(): void {
    for (const { chunks } of this.#topics.values()) {
      for (const chunk of chunks) this.#pool.giveBack(chunk.buffer)
    }
  }

  #append(topic: Topic, { key, value, headers }: OutgoingRecord): ChunkBuilder {
    const keyBytes = this.#encodeKey(key)
    const partition = partitionOfHash(murmur2(keyBytes), topic.partitions)
    const encodedHeaders = headers === undefined ? undefined : encodeHeaders(headers)
    const sizes = [keyBytes.length, value?.length ?? 0, encodedHeaders?.length] as const
    const recordBytes = recordBytesOf(...sizes)
    const chunk = this.#chunkFor(topic, partition, { recordBytes, chunkBytes: chunkBytesOf(...sizes) })
    chunk.add(keyBytes, value, encodedHeaders)
    this.bytes += recordBytes
    return chunk
  }

  #encodeKey(key: string): Buffer {
    const widest = key.length * WIDEST_CHARACTER_BYTES
    if (widest > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(widest)
    return this.#scratch.subarray(0, this.#scratch.write(key, 0, 'utf8'))
  }

  #chunkFor(topic: Topic, partition: number, size: { recordBytes: number; chunkBytes: number }): ChunkBuilder {
    let mine = this.#topics.get(topic)
    if (mine === undefined) {
      mine = { topic, chunks: [], open: [] }
      this.#topics.set(topic, mine)
    }
    const open = mine.open[partition]
    if (open !== undefined && !topic.compacted && open.hasRoom(size.recordBytes)) return open
    const alone = topic.compacted || size.chunkBytes > CHUNK_BYTES
    const chunk = new ChunkBuilder(alone ? Buffer.allocUnsafeSlow(size.chunkBytes) : this.#pool.take(), partition)
    mine.open[partition] = chunk
    mine.chunks.push(chunk)
    return chunk
  }
}
