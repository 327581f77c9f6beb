import { systemClock, type Clock, type Log } from '@rapport/core'
import type { TopicDescription } from '@rapport/contracts'
import { ClosedError, EventLogUseError, PublishError, UnknownTopicError } from '../../errors.ts'
import type {
  Checkpoint,
  EventLog,
  EventLogStats,
  Follower,
  LogRecord,
  OutgoingRecord,
  PartitionExtent,
  RecordPosition,
  Subscriber,
  Subscription,
} from '../../event-log.ts'
import { MAX_KEY_BYTES, maxValueBytes } from '../../record-limits.ts'
import { openEnvironment, type Environment } from './environment.ts'
import { EmbeddedFollower } from './follower.ts'
import { GroupWriter } from './group-writer.ts'
import { Groups } from './groups.ts'
import type { ConsumerContext } from './partition-consumer.ts'
import { Reader } from './reader.ts'
import { trimTopic, type Trimmed } from './retention.ts'
import { publishTraced } from '../../tracing/publish-traced.ts'
import { TimeSlice } from '../shared/signal.ts'
import { EmbeddedSubscriber } from './subscriber.ts'
import { TopicTable, type Topic } from './topic-table.ts'
import { WakeUps } from './wake-ups.ts'

const DEFAULT_DEADLINE_MS = 30_000
const DEFAULT_LEASE_MS = 15_000
const TRIM_EVERY_MS = 60_000

export interface EmbeddedEventLogOptions {
  readonly directory: string
  readonly topics: readonly TopicDescription[]
  readonly log: Log
  readonly clock?: Clock
  /** False switches the sync to disk off, so that a test can show that it would notice. Never in production. */
  readonly sync?: boolean
  /** How long the partitions of a consumer stay its own when its thread no longer answers. Default 15 s. */
  readonly leaseMs?: number
  /** For the jitter of retries. Default `Math.random`. */
  readonly random?: () => number
}

/**
 * The event log of one process, in one LMDB environment. Several threads of the process may open the same folder; other
 * processes must not.
 */
export class EmbeddedEventLog implements EventLog {
  readonly #options: EmbeddedEventLogOptions
  readonly #environment: Environment
  readonly #topics: TopicTable
  readonly #clock: Clock
  readonly #reader: Reader
  readonly #groups: Groups
  readonly #writer: GroupWriter
  readonly #wakeUps: WakeUps
  readonly #context: ConsumerContext
  readonly #consumers = new Set<Subscriber | Follower>()
  readonly #trimTimer: NodeJS.Timeout
  #trimming: Promise<Trimmed> | undefined
  #closing: Promise<void> | undefined

  private constructor(options: EmbeddedEventLogOptions, environment: Environment, topics: TopicTable) {
    this.#options = options
    this.#environment = environment
    this.#topics = topics
    this.#clock = options.clock ?? systemClock
    this.#reader = new Reader(environment)
    this.#groups = new Groups(environment)
    this.#wakeUps = new WakeUps(environment.directory, () => this.#reader.refresh())
    const { log } = options
    this.#writer = new GroupWriter({
      environment,
      clock: this.#clock,
      log,
      topicOf: (name) => topics.get(name),
      onCommitted: (names) => this.#wakeUps.topicsGrew(names),
    })
    const shared = { reader: this.#reader, groups: this.#groups, writer: this.#writer }
    this.#context = { ...shared, slice: new TimeSlice(), log, random: options.random ?? Math.random }
    this.#trimTimer = setInterval(() => this.#trimInBackground(), TRIM_EVERY_MS)
    this.#trimTimer.unref()
  }

  static async open(options: EmbeddedEventLogOptions): Promise<EmbeddedEventLog> {
    const environment = openEnvironment(options.directory, options.sync ?? true)
    try {
      return new EmbeddedEventLog(options, environment, await TopicTable.open(environment, options.topics))
    } catch (error) {
      await environment.close()
      throw error
    }
  }

  async publish(
    records: readonly OutgoingRecord[],
    options: { deadlineMs?: number } = {},
  ): Promise<readonly RecordPosition[]> {
    if (records.length === 0) return []
    for (const record of records) this.#check(record)
    const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS
    return publishTraced(records, (traced) => this.#writer.publish(traced, deadlineMs))
  }

  async subscribe(subscription: Subscription): Promise<Subscriber> {
    this.#refuseWhenClosed()
    if (subscription.group === '' || subscription.topics.length === 0) {
      throw new EventLogUseError('RPT_EVENT_LOG_SUBSCRIPTION', 'a subscription needs a group and at least one topic')
    }
    const topics = subscription.topics.map((name) => this.#topics.get(name))
    const { leaseMs = DEFAULT_LEASE_MS } = this.#options
    const common = { context: this.#context, wakeUps: this.#wakeUps, leaseMs }
    const subscriber = await EmbeddedSubscriber.join({ ...common, subscription, topics })
    return this.#own(subscriber)
  }

  async follow(topic: string, onRecords: (records: readonly LogRecord[]) => void | Promise<void>): Promise<Follower> {
    this.#refuseWhenClosed()
    this.#reader.refresh()
    const options = { context: this.#context, wakeUps: this.#wakeUps, topic: this.#topics.get(topic), onRecords }
    return this.#own(new EmbeddedFollower(options))
  }

  async read(from: RecordPosition, limit: number): Promise<readonly LogRecord[]> {
    this.#refuseWhenClosed()
    const topic = this.#topics.get(from.topic)
    checkPartition(topic, from.partition)
    this.#reader.refresh()
    return this.#reader.page({ topic, partition: from.partition, offset: from.offset }, limit)
  }

  async extents(name: string): Promise<readonly PartitionExtent[]> {
    this.#refuseWhenClosed()
    const topic = this.#topics.get(name)
    this.#reader.refresh()
    return Array.from({ length: topic.partitions }, (_, partition) => ({
      topic: name,
      partition,
      firstOffset: this.#reader.firstOffset(topic, partition),
      nextOffset: this.#reader.nextOffset(topic, partition),
    }))
  }

  async checkpoints(group: string, topic: string): Promise<ReadonlyMap<number, Checkpoint>> {
    this.#refuseWhenClosed()
    this.#reader.refresh()
    return this.#groups.checkpoints(group, this.#topics.get(topic))
  }

  stats(): EventLogStats {
    return {
      lags: [...this.#consumers].flatMap((consumer) => (consumer instanceof EmbeddedSubscriber ? consumer.lags : [])),
      bufferedBytes: this.#writer.bufferedBytes,
    }
  }

  /** Drops what the topics' retention no longer covers now; the log does so by itself once a minute. */
  trim(): Promise<Trimmed> {
    this.#trimming ??= this.#trimAll().finally(() => {
      this.#trimming = undefined
    })
    return this.#trimming
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#trimTimer)
    await Promise.all([...this.#consumers].map((consumer) => consumer[Symbol.asyncDispose]()))
    await this.#trimming
    await this.#writer.close()
    this.#wakeUps.close()
    await this.#environment.close()
  }

  #own<T extends Subscriber | Follower>(consumer: T): T {
    this.#consumers.add(consumer)
    const dispose = consumer[Symbol.asyncDispose].bind(consumer)
    consumer[Symbol.asyncDispose] = async () => {
      await dispose()
      this.#consumers.delete(consumer)
    }
    return consumer
  }

  #check({ topic, key, value }: OutgoingRecord): void {
    if (key === '') throw PublishError.refused('unkeyed', `a record for ${topic} has no key`)
    if (this.#topics.find(topic) === undefined) {
      throw PublishError.refused('unknown topic', new UnknownTopicError(topic).message)
    }
    if ((value?.length ?? 0) > maxValueBytes(topic)) {
      throw PublishError.refused('too large', `a value for ${topic} has more than ${maxValueBytes(topic)} bytes`)
    }
    // A UTF-16 unit has at most three bytes in UTF-8: most keys need no count.
    if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key, 'utf8') > MAX_KEY_BYTES) {
      throw PublishError.refused('too large', `a key for ${topic} has more than ${MAX_KEY_BYTES} bytes`)
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new ClosedError()
  }

  async #trimAll(): Promise<Trimmed> {
    const { writer, clock, environment } = { writer: this.#writer, clock: this.#clock, environment: this.#environment }
    let records = 0
    let bytes = 0
    for (const topic of this.#topics.all()) {
      if (this.#closing !== undefined) break
      const trimmed = await trimTopic({ environment, writer, clock }, topic)
      records += trimmed.records
      bytes += trimmed.bytes
    }
    return { records, bytes }
  }

  #trimInBackground(): void {
    this.trim().catch((error: unknown) => this.#options.log.error({ err: error }, 'trimming the event log failed'))
  }
}

function checkPartition(topic: Topic, partition: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return
  throw new EventLogUseError('RPT_EVENT_LOG_PARTITION', `${topic.name} has no partition ${partition}`)
}
