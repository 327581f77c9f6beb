import type { LogRecord } from '../../event-log.ts'
import { chunkAppendedAtMs, chunkCount, decodeChunk } from './chunk.ts'
import type { Environment } from './environment.ts'
import { Heads } from './heads.ts'
import { chunkKey, offsetOfChunkKey, partitionEnd } from './keys.ts'
import type { Topic } from './topic-table.ts'

/** A page ends after this many bytes, so that reading one never holds the thread for long. */
const PAGE_BYTES = 4 * 1024 * 1024

export interface Place {
  readonly topic: Topic
  readonly partition: number
  readonly offset: number
}

/** Reads of the newest committed state. All are synchronous and short. */
export class Reader {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Lets the next read see what other threads have committed by now. */
  refresh(): void {
    this.#environment.root.resetReadTxn()
  }

  heads(topic: Topic): Heads {
    return Heads.read(this.#environment, topic.id, topic.partitions)
  }

  nextOffset(topic: Topic, partition: number): number {
    return this.heads(topic).nextOffset(partition)
  }

  /** The oldest offset kept, or the next one when the partition is empty. */
  firstOffset(topic: Topic, partition: number): number {
    const start = chunkKey(topic.id, partition, 0)
    const range = { start, end: partitionEnd(topic.id, partition), limit: 1 }
    for (const key of this.#environment.chunks.getKeys(range)) return offsetOfChunkKey(key)
    return this.nextOffset(topic, partition)
  }

  /** Up to `limit` records at or after the place, at most a page. */
  page({ topic, partition, offset }: Place, limit: number): LogRecord[] {
    const records: LogRecord[] = []
    if (offset >= this.nextOffset(topic, partition)) return records
    const start = this.#floor({ topic, partition, offset }) ?? chunkKey(topic.id, partition, offset)
    const range = { start, end: partitionEnd(topic.id, partition) }
    let bytes = 0
    for (const { key, value } of this.#environment.chunks.getRange(range)) {
      const slice = { topic: topic.name, partition, firstOffset: offsetOfChunkKey(key), fromOffset: offset, limit }
      decodeChunk(value, slice, records)
      bytes += value.length
      if (records.length >= limit || bytes >= PAGE_BYTES) break
    }
    return records
  }

  /** The first offset below `place.offset` from which on every record was appended at `timeMs` or later. */
  offsetAtTime(place: Place, timeMs: number): number {
    const { topic, partition } = place
    let low = this.firstOffset(topic, partition)
    let high = Math.max(low, place.offset)
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const chunk = this.#chunkAtOrAfter({ topic, partition, offset: middle })
      if (chunk === undefined || chunk.first >= high) {
        high = middle
      } else if (chunk.appendedAtMs >= timeMs) {
        high = Math.min(middle, chunk.first)
        if (high < low) high = low
      } else {
        low = chunk.end
      }
    }
    return Math.min(low, place.offset)
  }

  /** Append time of the newest record before the place that is still kept. */
  appendedBefore(place: Place): number | undefined {
    if (place.offset === 0) return undefined
    const key = this.#floor({ ...place, offset: place.offset - 1 })
    const chunk = key === undefined ? undefined : this.#environment.chunks.getBinary(key)
    return chunk === undefined ? undefined : chunkAppendedAtMs(chunk)
  }

  #floor({ topic, partition, offset }: Place): Uint8Array | undefined {
    const range = {
      start: chunkKey(topic.id, partition, offset),
      end: chunkKey(topic.id, partition, 0),
      inclusiveEnd: true,
      reverse: true,
      limit: 1,
    }
    for (const key of this.#environment.chunks.getKeys(range)) return key
    return undefined
  }

  #chunkAtOrAfter(place: Place): { first: number; end: number; appendedAtMs: number } | undefined {
    const { topic, partition } = place
    const start = this.#floor(place) ?? chunkKey(topic.id, partition, place.offset)
    const range = { start, end: partitionEnd(topic.id, partition), limit: 2 }
    for (const { key, value } of this.#environment.chunks.getRange(range)) {
      const first = offsetOfChunkKey(key)
      const end = first + chunkCount(value)
      if (end > place.offset) return { first, end, appendedAtMs: chunkAppendedAtMs(value) }
    }
    return undefined
  }
}
