import { setImmediate as nextTurn } from 'node:timers/promises'
import { backoffMs, type Log } from '@rapport/core'
import { NotCurrentError } from '../../errors.ts'
import type { Checkpoint, LogRecord, RecordBatch, Subscription } from '../../event-log.ts'
import type { Pace } from '../shared/pace.ts'
import { RewindTrail, writeTrail, type TrailPlace } from '../shared/rewind-trail.ts'
import { Signal, type TimeSlice } from '../shared/signal.ts'
import type { FetchedPartition, UnreadableBatch } from './connection.ts'
import type { FetchTarget } from './fetcher.ts'
import { RecordBuffer } from './record-buffer.ts'

const DEFAULT_MAX_RECORDS = 1000
const RETRY = { baseMs: 50, maxMs: 10_000 }

/** What a consumer of one partition needs of the member that holds the partition. */
export interface PartitionHolder {
  readonly subscription: Subscription
  readonly pace: Pace
  readonly slice: TimeSlice
  readonly log: Log
  readonly random: () => number
  /** True while no other member can have been given what this one holds. */
  isHeld(): boolean
  /** @throws NotCurrentError when the partition is another's by now. */
  commit(offset: { topic: string; partition: number; offset: number; metadata: string }): Promise<void>
  /** There is room for more records. */
  wantMore(): void
}

export interface PartitionStart {
  readonly topic: string
  readonly partition: number
  readonly isCompacted: boolean
  readonly offset: number
  readonly checkpoint: Checkpoint | undefined
  readonly trail: readonly TrailPlace[]
  readonly isPaused: boolean
}

/** Hands out one partition's records, one batch at a time, for as long as the member holds the partition. */
export class PartitionConsumer implements FetchTarget {
  readonly topic: string
  readonly partition: number
  readonly #holder: PartitionHolder
  readonly #isCompacted: boolean
  readonly #startOffset: number
  readonly #maxRecords: number
  readonly #changed = new Signal()
  readonly #buffer: RecordBuffer
  readonly #trail: RewindTrail
  #checkpoint: Checkpoint | undefined
  /** The newest offset of the commits that are under way. */
  #committing = -1
  /** A batch that was rejected and comes again. */
  #again: readonly LogRecord[] | undefined
  #missedTo = 0
  #lastBatchAtMs = Number.NEGATIVE_INFINITY
  #seeks = 0
  #isPaused: boolean
  #isHeldBack = false
  #isStopping = false
  #isDelivering = false
  #isUpToDate = false
  /** Behind what was fetched is what cannot be decoded. */
  #standsAt: number | undefined
  #loop: Promise<void> | undefined

  constructor(holder: PartitionHolder, start: PartitionStart) {
    this.#holder = holder
    this.topic = start.topic
    this.partition = start.partition
    this.#isCompacted = start.isCompacted
    this.#startOffset = start.offset
    this.#isPaused = start.isPaused
    this.#checkpoint = start.checkpoint
    this.#maxRecords = holder.subscription.maxRecords ?? DEFAULT_MAX_RECORDS
    this.#buffer = new RecordBuffer(start.offset)
    this.#trail = new RewindTrail(holder.subscription.rewindMs ?? 0, start.trail)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  get wanted(): number | undefined {
    // Held back, it still fetches ahead: it may well keep the partition.
    if (this.#isPaused || this.#isStopping || this.#buffer.size >= this.#maxRecords) return undefined
    return this.#buffer.fetchOffset
  }

  /** Offsets between the checkpoint and the end of the partition, as the last answer told. */
  get lag(): number | undefined {
    const { endOffset } = this.#buffer
    if (endOffset === undefined) return undefined
    // A group without a checkpoint starts at the oldest record kept; what retention has removed waits for nobody.
    const done = Math.max(this.#checkpoint?.nextOffset ?? this.#startOffset, this.#missedTo)
    return Math.max(0, endOffset - done)
  }

  /** Where it stands still before what cannot be decoded. */
  get unreadableOffset(): number | undefined {
    return this.#standsAt === this.#buffer.fetchOffset ? this.#standsAt : undefined
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint
  }

  take(fetched: FetchedPartition, offset: number): void {
    if (this.#isPaused || this.#isStopping || !this.#buffer.add(fetched, offset)) return
    if (fetched.records.length > 0) this.#changed.notify()
  }

  meetUnreadable({ offset, nextOffset, error }: UnreadableBatch): boolean {
    const { topic, partition } = this
    const { fetchOffset } = this.#buffer
    // Elsewhere by now.
    if (fetchOffset < offset || fetchOffset >= nextOffset || this.#isPaused) return true
    if (nextOffset > (this.#checkpoint?.nextOffset ?? -1)) {
      this.#standsAt = fetchOffset
      return false
    }
    // It is rewinding, and whoever has moved the group's checkpoint behind this has decided to do without.
    const { log, subscription } = this.#holder
    log.warn(
      { err: error, group: subscription.group, topic, partition, from: offset, to: nextOffset },
      'a batch before the checkpoint cannot be decoded and is left out',
    )
    this.#buffer.skipTo(nextOffset)
    return true
  }

  takeGap(startOffset: number, offset: number): void {
    if (offset !== this.#buffer.fetchOffset || this.#isPaused) return
    if (startOffset < offset) {
      const place = { group: this.#holder.subscription.group, topic: this.topic, partition: this.partition }
      this.#holder.log.error(
        { ...place, offset, startOffset },
        'the log ends before the checkpoint: reading from its start',
      )
    }
    this.#noteMissed(offset, startOffset)
    this.#buffer.skipTo(startOffset)
  }

  /** Resolves when no batch is in flight. What was fetched ahead is dropped: it may be gone before `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true
    const { nextOffset } = this
    this.#again = undefined
    this.#buffer.moveTo(nextOffset)
    await this.#idle()
  }

  resume(): void {
    this.#isPaused = false
    this.#changed.notify()
    this.#holder.wantMore()
  }

  /** Hands out nothing more until `release`; resolves when no batch is in flight. */
  async holdBack(): Promise<void> {
    this.#isHeldBack = true
    await this.#idle()
  }

  release(): void {
    this.#isHeldBack = false
    this.#changed.notify()
  }

  /** Something has changed that it may have waited for. */
  wake(): void {
    this.#changed.notify()
    this.#holder.wantMore()
  }

  /** Goes elsewhere with a checkpoint that was committed already; batches handed out before are not current any more. */
  moveTo(checkpoint: Checkpoint): void {
    this.#seeks += 1
    this.#checkpoint = checkpoint
    this.#again = undefined
    this.#missedTo = 0
    this.#trail.clear()
    this.#buffer.moveTo(checkpoint.nextOffset)
    this.#holder.wantMore()
  }

  /** From now on no batch is current. Resolves when the one in flight has ended. */
  async abandon(): Promise<void> {
    this.#seeks += 1
    await this.stop()
  }

  /** Resolves when the batch in flight has ended; until then it may commit. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#changed.notify()
    await this.#loop
    this.#seeks += 1
  }

  /** The first offset that no batch was completed for. */
  get nextOffset(): number {
    return this.#again?.[0]?.offset ?? this.#buffer.nextOffset
  }

  async #idle(): Promise<void> {
    this.#changed.notify()
    while (this.#isDelivering) await this.#changed.wait()
  }

  get #mustWait(): boolean {
    return this.#isPaused || this.#isHeldBack || !this.#holder.isHeld()
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      if (this.#mustWait) {
        await this.#changed.wait()
        continue
      }
      const turn = this.#isUpToDate ? this.#holder.pace.turn(this.#lastBatchAtMs) : undefined
      this.#isUpToDate = false
      if (turn !== undefined) {
        await turn
        continue
      }
      const records = this.#again ?? this.#buffer.take(this.#maxRecords)
      this.#isUpToDate = records.length < this.#maxRecords
      if (this.#buffer.size < this.#maxRecords) this.#holder.wantMore()
      if (records.length === 0) {
        await this.#changed.wait()
        continue
      }
      this.#lastBatchAtMs = performance.now()
      await this.#deliver(records)
      await this.#holder.slice.yieldIfLong()
    }
  }

  async #deliver(records: readonly LogRecord[]): Promise<void> {
    this.#isDelivering = true
    this.#again = records
    const seeks = this.#seeks
    try {
      for (let attempt = 0; !this.#isStopping && !this.#mustWait && seeks === this.#seeks; attempt += 1) {
        try {
          this.#trail.note(records[0]?.offset ?? 0)
          await this.#holder.subscription.onBatch(this.#batchOf(records))
          if (this.#again === records) this.#again = undefined
          // Paused meanwhile, what was to come again is where it goes on.
          if (seeks === this.#seeks && this.#buffer.nextOffset <= (records.at(-1)?.offset ?? -1)) {
            this.#buffer.moveTo((records.at(-1)?.offset ?? -1) + 1)
          }
          return
        } catch (error) {
          if (!(await this.#backOff(error, attempt))) return
        }
      }
    } finally {
      this.#isDelivering = false
      this.#changed.notify()
    }
  }

  /** False when the batch shall not be tried again now. */
  async #backOff(error: unknown, attempt: number): Promise<boolean> {
    const { log, random, subscription } = this.#holder
    const waitMs = backoffMs(attempt, { ...RETRY, random })
    const fields = {
      err: error,
      group: subscription.group,
      topic: this.topic,
      partition: this.partition,
      attempt,
      waitMs,
    }
    log.warn(fields, 'a batch was rejected and will be tried again')
    const until = performance.now() + waitMs
    // However short the wait: what rejects at once must not keep the thread from everything else.
    await nextTurn()
    while (!this.#isStopping && !this.#mustWait) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) return true
      await this.#changed.waitAtMost(leftMs)
    }
    return false
  }

  /** Says so, once, when retention has removed records that the group had not read. */
  #noteMissed(position: number, startOffset: number): void {
    const { subscription, log } = this.#holder
    const { group, onMissed } = subscription
    // A group without a checkpoint has not begun; a rewind may have begun before the checkpoint.
    const committed = this.#checkpoint?.nextOffset
    if (this.#isCompacted || committed === undefined) return
    const fromOffset = Math.max(position, committed, this.#missedTo)
    this.#missedTo = Math.max(this.#missedTo, startOffset)
    if (fromOffset >= startOffset) return
    const place = { topic: this.topic, partition: this.partition }
    log.warn(
      { group, ...place, from: fromOffset, to: startOffset },
      'retention has removed records that the group had not read',
    )
    try {
      onMissed?.({ ...place, fromOffset, toOffset: startOffset })
    } catch (error) {
      log.error({ err: error, group, ...place }, 'the handler of missed records failed')
    }
  }

  #batchOf(records: readonly LogRecord[]): RecordBatch {
    const seeks = this.#seeks
    const isCurrent = (): boolean => seeks === this.#seeks && this.#holder.isHeld()
    return {
      topic: this.topic,
      partition: this.partition,
      records,
      checkpoint: this.#checkpoint,
      isCurrent,
      commit: (nextOffset, metadata) => this.#commit(isCurrent, nextOffset, metadata),
    }
  }

  async #commit(isCurrent: () => boolean, nextOffset: number, metadata: string | undefined): Promise<void> {
    const { topic, partition } = this
    if (!isCurrent()) throw new NotCurrentError(this.#holder.subscription.group, topic, partition)
    const newest = Math.max(this.#checkpoint?.nextOffset ?? -1, this.#committing)
    if (nextOffset < newest || (nextOffset === newest && metadata === undefined)) return
    this.#committing = nextOffset
    const checkpoint = { nextOffset, metadata: metadata ?? '' }
    try {
      const written = writeTrail(checkpoint.metadata, this.#trail.places)
      await this.#holder.commit({ topic, partition, offset: nextOffset, metadata: written })
      if (nextOffset >= (this.#checkpoint?.nextOffset ?? -1) && isCurrent()) this.#checkpoint = checkpoint
    } finally {
      if (this.#committing === nextOffset) this.#committing = -1
    }
  }
}
