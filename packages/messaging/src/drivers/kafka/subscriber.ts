import { backoffMs, type Log } from '@rapport/core'
import { EventLogUseError, NotCurrentError } from '../../errors.ts'
import type {
  Checkpoint,
  PartitionLag,
  RecordPosition,
  Subscriber,
  Subscription,
  TopicPartition,
} from '../../event-log.ts'
import { Pace } from '../shared/pace.ts'
import { Signal, type TimeSlice } from '../shared/signal.ts'
import { CommitQueue } from './commit-queue.ts'
import type { KafkaConnection } from './connection.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMember, type Assigned } from './group-member.ts'
import { PartitionConsumer, type PartitionHolder } from './partition-consumer.ts'
import { readStart, type StartingPlace } from './starting-place.ts'
import type { Topic } from './topics.ts'

const RETRY = { baseMs: 100, maxMs: 5000 }
const LEAVE_TIMEOUT_MS = 2000

export interface GroupTimes {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatMs: number
  readonly maxWaitMs: number
}

export interface KafkaSubscriberOptions {
  /** For this member alone. */
  readonly connection: KafkaConnection
  /** Shared; leaving the group must not wait behind the member's own requests. */
  readonly control: KafkaConnection
  readonly subscription: Subscription
  readonly topics: readonly Topic[]
  readonly times: GroupTimes
  readonly slice: TimeSlice
  readonly log: Log
  readonly random: () => number
}

/** One member of a consumer group. It never ends by itself: whatever fails is tried again. */
export class KafkaSubscriber implements Subscriber {
  readonly #options: KafkaSubscriberOptions
  readonly #consumers = new Map<string, PartitionConsumer>()
  /** Consumers that shall stop, until their last batch has ended. */
  readonly #ending = new Map<string, Promise<void>>()
  readonly #pace: Pace
  readonly #changed = new Signal()
  readonly #fetcher: Fetcher
  readonly #commits: CommitQueue
  readonly #member: GroupMember
  readonly #holder: PartitionHolder
  #assigned: Assigned | undefined
  #taking: Promise<void> = Promise.resolve()
  #reported: string | undefined = ''
  #isPaused = false
  #closing: Promise<void> | undefined

  constructor(options: KafkaSubscriberOptions) {
    this.#options = options
    const { connection, subscription, topics, times, log, random, slice } = options
    this.#pace = new Pace(subscription.minIntervalMs ?? 0)
    this.#fetcher = new Fetcher({ connection, log, random, maxWaitMs: times.maxWaitMs })
    this.#commits = new CommitQueue({ connection, random, onLost: () => this.#member.doubt() })
    this.#holder = {
      subscription,
      pace: this.#pace,
      slice,
      log,
      random,
      isHeld: () => this.#member.current !== undefined,
      commit: (offset) => this.#commit(offset),
      wantMore: this.#fetcher.wake,
    }
    this.#member = new GroupMember({
      connection,
      group: subscription.group,
      topics: new Map(topics.map(({ name, partitions }) => [name, partitions])),
      ...times,
      log,
      random,
      onAssigned: (assigned) => this.#onAssigned(assigned),
      onRevoke: () => this.#holdBack(),
      onLost: () => this.#abandonAll(),
      onHeldAgain: () => this.#wake(),
    })
  }

  /** Of the partitions that are this member's and nobody else's. */
  get lags(): readonly PartitionLag[] {
    if (this.#member.current === undefined) return []
    const { group } = this.#options.subscription
    return [...this.#consumers.values()].map(({ topic, partition, checkpoint, lag, unreadableOffset }) => ({
      group,
      topic,
      partition,
      nextOffset: checkpoint?.nextOffset,
      lag,
      ...(unreadableOffset === undefined ? {} : { unreadableOffset }),
    }))
  }

  held(): readonly TopicPartition[] | undefined {
    if (this.#closing !== undefined) return []
    if (this.#member.current === undefined) return undefined
    return [...this.#consumers.values()].map(({ topic, partition }) => ({ topic, partition }))
  }

  async pause(): Promise<void> {
    this.#isPaused = true
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.pause()))
    await Promise.all(this.#ending.values())
  }

  resume(): void {
    this.#isPaused = false
    for (const consumer of this.#consumers.values()) consumer.resume()
  }

  async seek(offsets: readonly RecordPosition[]): Promise<void> {
    if (!this.#isPaused) {
      throw new EventLogUseError('RPT_EVENT_LOG_NOT_PAUSED', 'seek moves a group: pause the subscriber first')
    }
    for (const place of offsets) this.#checkSeek(place)
    await Promise.all(offsets.map((place) => this.#move(place)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { connection, control, subscription, log } = this.#options
    this.#pace.close()
    this.#commits.close()
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.stop()))
    await Promise.all(this.#ending.values())
    this.#fetcher.stop()
    const stopped = this.#member.stop()
    const { memberId } = this.#member
    await connection.close()
    await stopped
    await this.#taking
    if (memberId === '') return
    // Otherwise its share would lie idle until the session has expired.
    const left = control.leaveGroup(subscription.group, memberId).catch((error: unknown) => {
      log.debug({ err: error, group: subscription.group }, 'leaving the group failed: its session will expire')
    })
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, LEAVE_TIMEOUT_MS).unref())])
  }

  #onAssigned(assigned: Assigned): void {
    this.#assigned = assigned
    if (!assigned.continues) this.#reported = undefined
    const kept = new Set(assigned.continues ? assigned.partitions.map(nameOf) : [])
    // At once: a batch that is still in flight must not commit what is another's by now.
    for (const [name, consumer] of this.#consumers) {
      if (!kept.has(name)) this.#end(name, consumer)
    }
    this.#taking = this.#taking.then(() => this.#takeUp(assigned))
  }

  /** Starts and stops consumers for what is assigned; tries again until it works, or the group has shared anew. */
  async #takeUp(assigned: Assigned): Promise<void> {
    const { log, subscription, random } = this.#options
    const isOver = (): boolean => this.#closing !== undefined || this.#assigned !== assigned
    for (let failures = 0; !isOver(); failures += 1) {
      try {
        await this.#apply(assigned, isOver)
        return
      } catch (error) {
        const waitMs = backoffMs(failures, { ...RETRY, random })
        log.warn({ err: error, group: subscription.group, waitMs }, 'taking up partitions failed')
        await this.#changed.waitAtMost(waitMs)
      }
    }
  }

  async #apply({ partitions }: Assigned, isOver: () => boolean): Promise<void> {
    const reported = partitions.map(nameOf).sort().join(' ')
    if (reported !== this.#reported) await this.#options.subscription.onAssigned?.(partitions)
    if (isOver()) return
    this.#reported = reported
    const missing = partitions.filter((place) => !this.#consumers.has(nameOf(place)))
    await Promise.all(missing.flatMap((place) => this.#ending.get(nameOf(place)) ?? []))
    const { connection, subscription, topics } = this.#options
    const starts = await readStart({ connection, subscription, topics, places: missing })
    if (isOver()) return
    for (const start of starts) this.#startConsumer(start)
    for (const consumer of this.#consumers.values()) consumer.release()
    this.#fetcher.wake()
  }

  #startConsumer(start: StartingPlace): void {
    const consumer = new PartitionConsumer(this.#holder, { ...start, isPaused: this.#isPaused })
    this.#consumers.set(nameOf(start), consumer)
    this.#fetcher.add(consumer)
    consumer.start()
  }

  #end(name: string, consumer: PartitionConsumer): void {
    this.#consumers.delete(name)
    this.#fetcher.remove(consumer)
    const ended = consumer.abandon().finally(() => {
      if (this.#ending.get(name) === ended) this.#ending.delete(name)
    })
    this.#ending.set(name, ended)
  }

  #abandonAll(): void {
    for (const [name, consumer] of this.#consumers) this.#end(name, consumer)
    this.#changed.notify()
  }

  async #holdBack(): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.holdBack()))
  }

  #wake(): void {
    for (const consumer of this.#consumers.values()) consumer.wake()
  }

  async #commit(offset: { topic: string; partition: number; offset: number; metadata: string }): Promise<void> {
    const membership = this.#member.current
    if (membership === undefined) {
      throw new NotCurrentError(this.#options.subscription.group, offset.topic, offset.partition)
    }
    await this.#commits.commit(membership, offset)
  }

  #checkSeek({ topic, partition, offset }: RecordPosition): void {
    const known = this.#options.topics.find(({ name }) => name === topic)
    const isPlace = known !== undefined && partition >= 0 && partition < known.partitions && offset >= 0
    const canRetry = isPlace && !this.#consumers.has(nameOf({ topic, partition }))
    if (isPlace && !canRetry) return
    const reason = isPlace ? 'it is not held here' : 'no such place'
    const message = `cannot seek to ${topic}/${partition}/${offset}: ${reason}`
    throw new EventLogUseError('RPT_EVENT_LOG_SEEK', message, { canRetry })
  }

  async #move(place: RecordPosition): Promise<void> {
    const { topic, partition, offset } = place
    const checkpoint: Checkpoint = { nextOffset: offset, metadata: '' }
    await this.#commit({ topic, partition, offset, metadata: '' })
    this.#consumers.get(nameOf(place))?.moveTo(checkpoint)
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
