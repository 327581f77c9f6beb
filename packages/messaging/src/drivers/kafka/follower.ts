import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, type Log } from '@rapport/core'
import { ClosedError } from '../../errors.ts'
import type { Follower, LogRecord } from '../../event-log.ts'
import { Signal, type TimeSlice } from '../shared/signal.ts'
import { EARLIEST, LATEST, type FetchedPartition, type KafkaConnection } from './connection.ts'
import type { Fetcher, FetchTarget } from './fetcher.ts'
import { RecordBuffer } from './record-buffer.ts'
import type { Topic } from './topics.ts'

const PAGE_RECORDS = 1000
const RETRY = { baseMs: 50, maxMs: 10_000 }

export interface KafkaFollowerOptions {
  readonly connection: KafkaConnection
  readonly fetcher: Fetcher
  readonly topic: Topic
  readonly onRecords: (records: readonly LogRecord[]) => void | Promise<void>
  readonly slice: TimeSlice
  readonly log: Log
  readonly random: () => number
}

/** One partition of a followed topic. */
class FollowedPartition implements FetchTarget {
  readonly topic: string
  readonly partition: number
  /** Where the partition ended when following began. */
  readonly endAtStart: number
  readonly buffer: RecordBuffer
  readonly #onRecords: () => void

  constructor(place: { topic: string; partition: number; start: number; end: number }, onRecords: () => void) {
    this.topic = place.topic
    this.partition = place.partition
    this.endAtStart = place.end
    this.buffer = new RecordBuffer(place.start)
    this.#onRecords = onRecords
  }

  get wanted(): number | undefined {
    return this.buffer.size < PAGE_RECORDS ? this.buffer.fetchOffset : undefined
  }

  get isCaughtUp(): boolean {
    return this.buffer.nextOffset >= this.endAtStart
  }

  take(fetched: FetchedPartition, offset: number): void {
    if (this.buffer.add(fetched, offset)) this.#onRecords()
  }

  takeGap(startOffset: number, offset: number): void {
    if (offset !== this.buffer.fetchOffset) return
    this.buffer.skipTo(startOffset)
    this.#onRecords()
  }

  /** What a table would lack without it nobody knows. */
  meetUnreadable(): boolean {
    return false
  }
}

/** Reads a whole topic from its start, then tails it; no group, nothing that stays behind in the cluster. */
export class KafkaFollower implements Follower {
  readonly caughtUp: Promise<void>
  readonly #options: KafkaFollowerOptions
  readonly #partitions: readonly FollowedPartition[]
  readonly #changed = new Signal()
  readonly #aborted = new AbortController()
  readonly #loop: Promise<void>
  #reached: () => void = () => undefined
  #abandoned: (error: unknown) => void = () => undefined

  private constructor(options: KafkaFollowerOptions, extents: readonly { start: number; end: number }[]) {
    this.#options = options
    this.caughtUp = new Promise((resolve, reject) => {
      this.#reached = resolve
      this.#abandoned = reject
    })
    // Whoever does not wait for it must not be hit by the rejection when the follower closes early.
    this.caughtUp.catch(() => undefined)
    const topic = options.topic.name
    this.#partitions = extents.map(
      (extent, partition) => new FollowedPartition({ topic, partition, ...extent }, this.#changed.notify),
    )
    for (const partition of this.#partitions) options.fetcher.add(partition)
    this.#loop = this.#run()
  }

  static async start(options: KafkaFollowerOptions): Promise<KafkaFollower> {
    const { connection, topic } = options
    const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition)
    // The end first: what is older than it must be within the start.
    const ends = await connection.offsetsAt(topic.name, partitions, LATEST)
    const starts = await connection.offsetsAt(topic.name, partitions, EARLIEST)
    return new KafkaFollower(
      options,
      partitions.map((partition) => ({ start: starts.get(partition) ?? 0, end: ends.get(partition) ?? 0 })),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborted.abort()
    for (const partition of this.#partitions) this.#options.fetcher.remove(partition)
    this.#changed.notify()
    await this.#loop
    this.#abandoned(new ClosedError())
  }

  get #isClosed(): boolean {
    return this.#aborted.signal.aborted
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      let isIdle = true
      for (const { buffer } of this.#partitions) {
        const records = buffer.take(PAGE_RECORDS)
        if (records.length === 0 || this.#isClosed) continue
        isIdle = false
        this.#options.fetcher.wake()
        await this.#handOver(records)
        await this.#options.slice.yieldIfLong()
      }
      if (this.#partitions.every((partition) => partition.isCaughtUp)) this.#reached()
      if (isIdle && !this.#isClosed) await this.#changed.wait()
    }
  }

  async #handOver(records: readonly LogRecord[]): Promise<void> {
    const { log, random, topic, onRecords } = this.#options
    for (let attempt = 0; !this.#isClosed; attempt += 1) {
      try {
        await onRecords(records)
        return
      } catch (error) {
        const waitMs = backoffMs(attempt, { ...RETRY, random })
        log.warn({ err: error, topic: topic.name, attempt, waitMs }, 'a follower rejected records')
        await sleep(waitMs, undefined, { signal: this.#aborted.signal }).catch(() => undefined)
      }
    }
  }
}
