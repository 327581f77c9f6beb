import type { TopicDescription } from '@rapport/contracts'
import { RapportError, type Log } from '@rapport/core'
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
import { publishTraced } from '../../tracing/publish-traced.ts'
import { TimeSlice } from '../shared/signal.ts'
import type { KafkaClientOptions } from './client-options.ts'
import { EARLIEST, LATEST, type KafkaConnection } from './connection.ts'
import { Fetcher } from './fetcher.ts'
import { mayConsume, mayRead } from './access.ts'
import { KafkaFollower } from './follower.ts'
import { toKafkaError } from './kafka-error.ts'
import { Producer } from './producer.ts'
import { namingRights } from './named-rights.ts'
import { readRecords } from './read-records.ts'
import { withRetries } from './retry.ts'
import { readCheckpoints } from './starting-place.ts'
import { KafkaSubscriber, type GroupTimes } from './subscriber.ts'
import { Topics } from './topics.ts'
import { maxRecordBytes } from './topic-settings.ts'

const PUBLISH_DEADLINE_MS = 30_000
const CALL_DEADLINE_MS = 15_000
const LINGER_MS = 3
const TIMES: GroupTimes = { sessionTimeoutMs: 15_000, rebalanceTimeoutMs: 30_000, heartbeatMs: 1000, maxWaitMs: 250 }

export interface KafkaEventLogOptions {
  readonly topics: readonly TopicDescription[]
  readonly log: Log
  /** How long `open` tries to reach the cluster. Default 15 s. */
  readonly openDeadlineMs?: number
  /** How long a record waits for others to be sent with. Default 3 ms. */
  readonly lingerMs?: number
  /** Records beyond this are refused as `full`. Default 64 MiB. */
  readonly maxBufferedBytes?: number
  /** A member that is not heard of for this long loses its partitions. Default 15 s; the brokers have limits of their own. */
  readonly sessionTimeoutMs?: number
  /** How long the members of a group may take to end their batches before partitions move. Default 30 s. */
  readonly rebalanceTimeoutMs?: number
  /** Default 1 s: members notice that partitions are to move only by it. */
  readonly heartbeatMs?: number
  /** For the jitter of retries. Default `Math.random`. */
  readonly random?: () => number
}

/** With how to reach the cluster. */
export interface KafkaClientEventLogOptions extends KafkaEventLogOptions {
  readonly client: KafkaClientOptions
}

/** The event log on Kafka; which client carries its requests is `connect`'s. */
export class KafkaEventLog implements EventLog {
  readonly #options: KafkaEventLogOptions
  readonly #connect: () => KafkaConnection
  readonly #topics: Topics
  readonly #control: KafkaConnection
  readonly #producing: KafkaConnection
  readonly #producer: Producer
  readonly #random: () => number
  readonly #slice = new TimeSlice()
  readonly #subscribers = new Set<KafkaSubscriber>()
  readonly #followers = new Set<KafkaFollower>()
  #following: { readonly connection: KafkaConnection; readonly fetcher: Fetcher } | undefined
  #closing: Promise<void> | undefined

  private constructor(options: KafkaEventLogOptions, connect: () => KafkaConnection, topics: Topics) {
    this.#options = options
    this.#connect = () => namingRights(connect())
    this.#topics = topics
    this.#random = options.random ?? Math.random
    this.#control = this.#connect()
    this.#producing = this.#connect()
    const { log, lingerMs = LINGER_MS, maxBufferedBytes } = options
    this.#producer = new Producer({
      connection: this.#producing,
      partitionsOf: (topic) => topics.get(topic).partitions,
      log,
      random: this.#random,
      lingerMs,
      ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
    })
  }

  /**
   * @throws EventLogUseError when a topic is missing or has other partitions; KafkaUnavailableError when no broker answers
   * in time or the credentials are refused.
   */
  static async open(options: KafkaEventLogOptions, connect: () => KafkaConnection): Promise<KafkaEventLog> {
    const topics = new Topics(options.topics)
    const log = new KafkaEventLog(options, connect, topics)
    try {
      await log.#withRetries(() => topics.check(log.#control), options.openDeadlineMs ?? CALL_DEADLINE_MS)
      return log
    } catch (error) {
      await log[Symbol.asyncDispose]()
      if (error instanceof EventLogUseError) throw error
      throw new KafkaUnavailableError(error)
    }
  }

  async publish(
    records: readonly OutgoingRecord[],
    options: { deadlineMs?: number } = {},
  ): Promise<readonly RecordPosition[]> {
    if (records.length === 0) return []
    for (const record of records) this.#check(record)
    const deadlineMs = options.deadlineMs ?? PUBLISH_DEADLINE_MS
    return publishTraced(records, (traced) => this.#producer.publish(traced, deadlineMs))
  }

  async subscribe(subscription: Subscription): Promise<Subscriber> {
    this.#refuseWhenClosed()
    if (subscription.group === '' || subscription.topics.length === 0) {
      throw new EventLogUseError('RPT_EVENT_LOG_SUBSCRIPTION', 'a subscription needs a group and at least one topic')
    }
    const topics = subscription.topics.map((name) => this.#topics.get(name))
    await mayConsume(this.#control, subscription)
    const { log, sessionTimeoutMs, rebalanceTimeoutMs, heartbeatMs } = this.#options
    const subscriber = new KafkaSubscriber({
      connection: this.#connect(),
      control: this.#control,
      subscription,
      topics,
      times: {
        ...TIMES,
        ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
        ...(rebalanceTimeoutMs === undefined ? {} : { rebalanceTimeoutMs }),
        ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      },
      slice: this.#slice,
      log,
      random: this.#random,
    })
    return own(subscriber, this.#subscribers)
  }

  async follow(topic: string, onRecords: (records: readonly LogRecord[]) => void | Promise<void>): Promise<Follower> {
    this.#refuseWhenClosed()
    const known = this.#topics.get(topic)
    await mayRead(this.#control, topic)
    const { log } = this.#options
    const connection = this.#following?.connection ?? this.#connect()
    this.#following ??= {
      connection,
      fetcher: new Fetcher({ connection, log, random: this.#random, maxWaitMs: TIMES.maxWaitMs }),
    }
    const { fetcher } = this.#following
    const slice = this.#slice
    const options = { connection: this.#control, fetcher, topic: known, onRecords, slice, log, random: this.#random }
    return own(await this.#withRetries(() => KafkaFollower.start(options)), this.#followers)
  }

  async read(from: RecordPosition, limit: number): Promise<readonly LogRecord[]> {
    this.#refuseWhenClosed()
    this.#topics.withPartition(from.topic, from.partition)
    return this.#withRetries(() => readRecords(this.#control, from, limit))
  }

  async extents(name: string): Promise<readonly PartitionExtent[]> {
    this.#refuseWhenClosed()
    const partitions = partitionsOf(this.#topics.get(name).partitions)
    const starts = await this.#withRetries(() => this.#control.offsetsAt(name, partitions, EARLIEST))
    const ends = await this.#withRetries(() => this.#control.offsetsAt(name, partitions, LATEST))
    return partitions.map((partition) => ({
      topic: name,
      partition,
      firstOffset: starts.get(partition) ?? 0,
      nextOffset: ends.get(partition) ?? 0,
    }))
  }

  async checkpoints(group: string, topic: string): Promise<ReadonlyMap<number, Checkpoint>> {
    this.#refuseWhenClosed()
    const partitions = partitionsOf(this.#topics.get(topic).partitions)
    return this.#withRetries(() => readCheckpoints(this.#control, group, { topic, partitions }))
  }

  stats(): EventLogStats {
    return {
      lags: [...this.#subscribers].flatMap(({ lags }) => lags),
      bufferedBytes: this.#producer.bufferedBytes,
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#subscribers, ...this.#followers].map((consumer) => consumer[Symbol.asyncDispose]()))
    this.#following?.fetcher.stop()
    await this.#following?.connection.close()
    await this.#producer.close()
    await this.#producing.close()
    await this.#control.close()
  }

  #check({ topic, key, value, headers = {} }: OutgoingRecord): void {
    if (key === '') throw PublishError.refused('unkeyed', `a record for ${topic} has no key`)
    if (this.#topics.find(topic) === undefined) {
      throw PublishError.refused('unknown topic', new UnknownTopicError(topic).message)
    }
    const valueBytes = value?.length ?? 0
    if (valueBytes > maxValueBytes(topic)) {
      throw PublishError.refused('too large', `a value for ${topic} has more than ${maxValueBytes(topic)} bytes`)
    }
    // A UTF-16 unit has at most three bytes in UTF-8: most keys need no count.
    if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key, 'utf8') > MAX_KEY_BYTES) {
      throw PublishError.refused('too large', `a key for ${topic} has more than ${MAX_KEY_BYTES} bytes`)
    }
    let bytes = valueBytes
    for (const name in headers) bytes += (name.length + (headers[name]?.length ?? 0)) * 3
    if (bytes > maxRecordBytes(topic)) {
      throw PublishError.refused(
        'too large',
        `a record for ${topic} has more than ${maxRecordBytes(topic)} bytes with its headers`,
      )
    }
  }

  #withRetries<T>(attempt: () => Promise<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> {
    return withRetries(attempt, {
      deadlineMs,
      random: this.#random,
      recover: () => this.#control.refresh(),
      isOver: () => this.#closing !== undefined,
    })
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new ClosedError()
  }
}

/** No broker could be reached, or they refuse the credentials. */
export class KafkaUnavailableError extends RapportError {
  override readonly name = 'KafkaUnavailableError'
  constructor(cause: unknown) {
    const { type, message, canRetry } = toKafkaError(cause)
    const what = type === 'AUTHENTICATION' ? 'Kafka refuses the credentials' : 'Kafka cannot be reached'
    super('RPT_EVENT_LOG_UNAVAILABLE', `${what}: ${message}`, { cause, canRetry })
  }
}

const partitionsOf = (count: number): number[] => Array.from({ length: count }, (_, partition) => partition)

function own<T extends AsyncDisposable>(consumer: T, open: Set<T>): T {
  open.add(consumer)
  const dispose = consumer[Symbol.asyncDispose].bind(consumer)
  consumer[Symbol.asyncDispose] = async () => {
    await dispose()
    open.delete(consumer)
  }
  return consumer
}
