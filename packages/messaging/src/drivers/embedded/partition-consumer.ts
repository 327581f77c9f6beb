import { setImmediate as nextTurn } from 'node:timers/promises'
import { backoffMs, type Log } from '@rapport/core'
import { NotCurrentError } from '../../errors.ts'
import type { LogRecord, PartitionLag, RecordBatch, Subscription } from '../../event-log.ts'
import type { GroupWriter } from './group-writer.ts'
import { toCheckpoint, type Claim, type Groups, type OwnedPartition } from './groups.ts'
import type { Pace } from '../shared/pace.ts'
import type { Reader } from './reader.ts'
import { RewindTrail } from '../shared/rewind-trail.ts'
import { Signal, type TimeSlice } from '../shared/signal.ts'
import type { Topic } from './topic-table.ts'

const DEFAULT_MAX_RECORDS = 1000
const RETRY_BASE_MS = 50
const RETRY_MAX_MS = 10_000

/** What the consumers of one process share. */
export interface ConsumerContext {
  readonly reader: Reader
  readonly groups: Groups
  readonly writer: GroupWriter
  readonly slice: TimeSlice
  readonly log: Log
  readonly random: () => number
}

export interface ConsumerIdentity {
  readonly memberId: string
  readonly subscription: Subscription
  readonly pace: Pace
}

/** Reads one partition for one member, one batch at a time, for as long as the member owns it. */
export class PartitionConsumer {
  readonly topic: Topic
  readonly partition: number
  readonly epoch: number
  readonly #context: ConsumerContext
  readonly #identity: ConsumerIdentity
  readonly #changed = new Signal()
  readonly #trail: RewindTrail
  #position: number
  /** Gaps below are known. */
  #missedTo = 0
  #seeks: number
  #paused: boolean
  #stopping = false
  #delivering = false
  /** As far as it knows; then it looks for more when the pace says so. */
  #isUpToDate = false
  #lastBatchAtMs = Number.NEGATIVE_INFINITY
  #checkClaim = true
  #loop: Promise<void> | undefined

  constructor(context: ConsumerContext, identity: ConsumerIdentity, owned: OwnedPartition & { paused: boolean }) {
    this.#context = context
    this.#identity = identity
    this.topic = owned.topic
    this.partition = owned.partition
    this.epoch = owned.claim.epoch
    this.#seeks = owned.claim.seeks
    this.#paused = owned.paused
    const { rewindMs = 0 } = identity.subscription
    this.#trail = new RewindTrail(rewindMs, rewindMs > 0 ? (owned.claim.trail ?? []) : [])
    this.#position = this.#startOf(owned.claim)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** While the partition is this consumer's. */
  get isHeld(): boolean {
    this.#context.reader.refresh()
    return !this.#stopping && this.#currentClaim() !== undefined
  }

  /** Undefined when the partition is not this consumer's. */
  get lag(): PartitionLag | undefined {
    const { reader } = this.#context
    reader.refresh()
    const claim = this.#stopping ? undefined : this.#currentClaim()
    if (claim === undefined) return undefined
    const { topic, partition } = this
    const nextOffset = toCheckpoint(claim)?.nextOffset
    const done = Math.max(nextOffset ?? 0, reader.firstOffset(topic, partition))
    const lag = Math.max(0, reader.nextOffset(topic, partition) - done)
    return { group: this.#identity.subscription.group, topic: topic.name, partition, nextOffset, lag }
  }

  topicGrew(): void {
    this.#changed.notify()
  }

  /** The partition may have been taken away, or moved by `seek`. */
  groupChanged(): void {
    this.#checkClaim = true
    this.#changed.notify()
  }

  /** Resolves when no batch is in flight. */
  async pause(): Promise<void> {
    this.#paused = true
    this.#changed.notify()
    while (this.#delivering) await this.#changed.wait()
  }

  resume(): void {
    this.#paused = false
    this.#changed.notify()
  }

  /** Resolves when the batch in flight has ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#changed.notify()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { reader, slice } = this.#context
    while (!this.#stopping) {
      if (this.#paused) {
        await this.#changed.wait()
        continue
      }
      const turn = this.#isUpToDate ? this.#identity.pace.turn(this.#lastBatchAtMs) : undefined
      this.#isUpToDate = false
      if (turn !== undefined) {
        await turn
        continue
      }
      if (this.#checkClaim && !this.#followClaim()) return
      const { topic, partition } = this
      const maxRecords = this.#identity.subscription.maxRecords ?? DEFAULT_MAX_RECORDS
      const records = reader.page({ topic, partition, offset: this.#position }, maxRecords)
      this.#isUpToDate = records.length < maxRecords
      if (!topic.compacted) this.#noteMissed(records[0]?.offset ?? reader.nextOffset(topic, partition))
      if (records.length === 0) {
        await this.#changed.wait()
        continue
      }
      this.#lastBatchAtMs = performance.now()
      await this.#deliver(records)
      await slice.yieldIfLong()
    }
  }

  async #deliver(records: readonly LogRecord[]): Promise<void> {
    this.#delivering = true
    try {
      for (let attempt = 0; ; attempt += 1) {
        const claim = this.#currentClaim()
        if (claim === undefined || claim.seeks !== this.#seeks) {
          this.#checkClaim = true
          return
        }
        try {
          this.#trail.note(records[0]?.offset ?? this.#position)
          await this.#identity.subscription.onBatch(this.#batchOf(records, claim))
          this.#position = (records.at(-1)?.offset ?? this.#position) + 1
          return
        } catch (error) {
          if (!(await this.#backOff(error, attempt))) return
        }
      }
    } finally {
      this.#delivering = false
      this.#changed.notify()
    }
  }

  /** Says so, once, when retention has removed records that the group had not read. */
  #noteMissed(oldestOffset: number): void {
    if (oldestOffset <= Math.max(this.#position, this.#missedTo)) return
    const claim = this.#currentClaim()
    if (claim === undefined) return
    // A rewind may have begun before the checkpoint.
    const fromOffset = Math.max(this.#position, this.#missedTo, claim.nextOffset)
    this.#missedTo = oldestOffset
    if (fromOffset >= oldestOffset) return
    const { log } = this.#context
    const { group, onMissed } = this.#identity.subscription
    const place = { topic: this.topic.name, partition: this.partition }
    log.warn(
      { group, ...place, from: fromOffset, to: oldestOffset },
      'retention has removed records that the group had not read',
    )
    try {
      onMissed?.({ ...place, fromOffset, toOffset: oldestOffset })
    } catch (error) {
      log.error({ err: error, group, ...place }, 'the handler of missed records failed')
    }
  }

  /** False when the batch shall not be tried again by this consumer, or not now. */
  async #backOff(error: unknown, attempt: number): Promise<boolean> {
    const { log, random } = this.#context
    const { group } = this.#identity.subscription
    const waitMs = backoffMs(attempt, { baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS, random })
    const fields = { err: error, group, topic: this.topic.name, partition: this.partition, attempt, waitMs }
    log.warn(fields, 'a batch was rejected and will be tried again')
    const until = performance.now() + waitMs
    // However short the wait: what rejects at once must not keep the thread from everything else.
    await nextTurn()
    while (!this.#stopping && !this.#paused) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) return true
      await this.#changed.waitAtMost(leftMs)
    }
    return false
  }

  #batchOf(records: readonly LogRecord[], fetched: Claim): RecordBatch {
    return {
      topic: this.topic.name,
      partition: this.partition,
      records,
      checkpoint: toCheckpoint(fetched),
      isCurrent: () => {
        this.#context.reader.refresh()
        return this.#currentClaim()?.seeks === fetched.seeks
      },
      commit: (nextOffset, metadata) => this.#commit(fetched, nextOffset, metadata),
    }
  }

  #commit(fetched: Claim, nextOffset: number, metadata: string | undefined): Promise<void> {
    const { writer, groups } = this.#context
    const { group } = this.#identity.subscription
    return writer.run(() => {
      const claim = this.#currentClaim()
      if (claim === undefined || claim.seeks !== fetched.seeks) {
        throw new NotCurrentError(group, this.topic.name, this.partition)
      }
      if (nextOffset < claim.nextOffset || (nextOffset === claim.nextOffset && metadata === undefined)) return
      const place = { topic: this.topic.name, partition: this.partition }
      groups.writeClaim(group, place, { ...claim, nextOffset, metadata: metadata ?? '', trail: this.#trail.places })
    })
  }

  /** The group's claim while it is this member's and of this consumer's epoch. */
  #currentClaim(): Claim | undefined {
    const { memberId, subscription } = this.#identity
    const claim = this.#context.groups.claim(subscription.group, this.topic.name, this.partition)
    return claim.owner === memberId && claim.epoch === this.epoch ? claim : undefined
  }

  #startOf(claim: Claim): number {
    const { rewindMs = 0 } = this.#identity.subscription
    const { reader } = this.#context
    const offset = claim.nextOffset
    if (offset < 0) return reader.firstOffset(this.topic, this.partition)
    if (rewindMs <= 0) return offset
    const place = { topic: this.topic, partition: this.partition, offset }
    const committedAtMs = reader.appendedBefore(place)
    const start = committedAtMs === undefined ? offset : reader.offsetAtTime(place, committedAtMs - rewindMs)
    return Math.min(start, this.#trail.places[0]?.offset ?? start)
  }

  /** Goes where `seek` has moved the group; false when the partition is no longer this consumer's. */
  #followClaim(): boolean {
    this.#checkClaim = false
    const claim = this.#currentClaim()
    if (claim === undefined) return false
    if (claim.seeks !== this.#seeks) {
      this.#seeks = claim.seeks
      this.#position = Math.max(claim.nextOffset, 0)
      this.#missedTo = 0
      this.#trail.clear()
    }
    return true
  }
}
