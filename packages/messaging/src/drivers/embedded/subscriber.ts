import { randomBytes } from 'node:crypto'
import { backoffMs, isProcessAlive, processIdentity, systemClock } from '@rapport/core'
import { EventLogUseError } from '../../errors.ts'
import type { PartitionLag, RecordPosition, Subscriber, Subscription, TopicPartition } from '../../event-log.ts'
import type { Assignment, Member, OwnedPartition } from './groups.ts'
import { Pace } from '../shared/pace.ts'
import { PartitionConsumer, type ConsumerContext } from './partition-consumer.ts'
import type { Topic } from './topic-table.ts'
import type { WakeUps } from './wake-ups.ts'

const ASSIGN_RETRY = { baseMs: 100, maxMs: 5000 }

export interface SubscriberOptions {
  readonly context: ConsumerContext
  readonly wakeUps: WakeUps
  readonly subscription: Subscription
  readonly topics: readonly Topic[]
  readonly leaseMs: number
}

/** One member of a consumer group. */
export class EmbeddedSubscriber implements Subscriber {
  readonly #options: SubscriberOptions
  readonly #id = `${systemClock.now().toString().padStart(15, '0')}-${randomBytes(6).toString('hex')}`
  readonly #consumers = new Map<string, PartitionConsumer>()
  /** Consumers that shall stop, until their last batch has ended. */
  readonly #ending = new Map<string, Promise<void>>()
  readonly #pace: Pace
  readonly #unlisten: (() => void)[]
  readonly #heartbeat: NodeJS.Timeout
  #paused = false
  #closed = false
  #again = false
  #assignFailures = 0
  #reconciling: Promise<void> | undefined
  #reportedAssignment: string | undefined = ''

  private constructor(options: SubscriberOptions) {
    this.#options = options
    const { wakeUps, topics, subscription, leaseMs } = options
    this.#pace = new Pace(subscription.minIntervalMs ?? 0)
    this.#unlisten = topics.map((topic) => wakeUps.onTopic(topic.name, () => this.#wakeConsumers(topic)))
    this.#unlisten.push(wakeUps.onGroup(subscription.group, () => this.#onGroupChanged()))
    this.#heartbeat = setInterval(() => this.#onGroupChanged(), leaseMs / 3)
    this.#heartbeat.unref()
  }

  static async join(options: SubscriberOptions): Promise<EmbeddedSubscriber> {
    const subscriber = new EmbeddedSubscriber(options)
    await subscriber.#reconcile()
    options.wakeUps.groupChanged(options.subscription.group)
    return subscriber
  }

  held(): readonly TopicPartition[] {
    const held = [...this.#consumers.values()].filter(({ isHeld }) => isHeld)
    return held.map(({ topic, partition }) => ({ topic: topic.name, partition }))
  }

  get lags(): readonly PartitionLag[] {
    return [...this.#consumers.values()].flatMap(({ lag }) => lag ?? [])
  }

  async pause(): Promise<void> {
    this.#paused = true
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.pause()))
    await Promise.all(this.#ending.values())
  }

  resume(): void {
    this.#paused = false
    for (const consumer of this.#consumers.values()) consumer.resume()
  }

  async seek(offsets: readonly RecordPosition[]): Promise<void> {
    if (!this.#paused) {
      throw new EventLogUseError('RPT_EVENT_LOG_NOT_PAUSED', 'seek moves a group: pause the subscriber first')
    }
    const { context, subscription, topics, wakeUps } = this.#options
    for (const { topic, partition, offset } of offsets) {
      const known = topics.find(({ name }) => name === topic)
      if (known === undefined || partition < 0 || partition >= known.partitions || offset < 0) {
        throw new EventLogUseError(
          'RPT_EVENT_LOG_SEEK',
          `cannot seek to ${topic}/${partition}/${offset}: no such place`,
        )
      }
      if (this.#consumers.get(`${topic}/${partition}`)?.isHeld !== true) {
        throw new EventLogUseError(
          'RPT_EVENT_LOG_SEEK',
          `cannot seek to ${topic}/${partition}/${offset}: it is not held here`,
          { canRetry: true },
        )
      }
    }
    await context.writer.run(() => {
      for (const { topic, partition, offset } of offsets) {
        const claim = context.groups.claim(subscription.group, topic, partition)
        const moved = { ...claim, seeks: claim.seeks + 1, nextOffset: offset, metadata: '', trail: [] }
        context.groups.writeClaim(subscription.group, { topic, partition }, moved)
      }
    })
    wakeUps.groupChanged(subscription.group)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#heartbeat)
    for (const unlisten of this.#unlisten) unlisten()
    this.#pace.close()
    await this.#reconciling
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.stop()))
    await Promise.all(this.#ending.values())
    const { context, subscription, topics, wakeUps } = this.#options
    await context.writer.run(() => context.groups.leave(subscription.group, this.#id, topics))
    wakeUps.groupChanged(subscription.group)
  }

  #wakeConsumers(topic: Topic): void {
    for (const consumer of this.#consumers.values()) {
      if (consumer.topic === topic) consumer.topicGrew()
    }
  }

  #onGroupChanged(): void {
    for (const consumer of this.#consumers.values()) consumer.groupChanged()
    void this.#reconcile()
  }

  /** One at a time; a call during one makes another follow. */
  #reconcile(): Promise<void> {
    this.#again = true
    this.#reconciling ??= this.#reconcileWhileAsked().finally(() => {
      this.#reconciling = undefined
      if (this.#again && !this.#closed) void this.#reconcile()
    })
    return this.#reconciling
  }

  async #reconcileWhileAsked(): Promise<void> {
    const { context, subscription } = this.#options
    while (this.#again && !this.#closed) {
      this.#again = false
      try {
        await this.#apply(await this.#requestAssignment())
        this.#assignFailures = 0
      } catch (error) {
        const waitMs = backoffMs(this.#assignFailures, { ...ASSIGN_RETRY, random: context.random })
        this.#assignFailures += 1
        context.log.error({ err: error, group: subscription.group, waitMs }, 'taking up partitions failed')
        setTimeout(() => this.#onGroupChanged(), waitMs).unref()
      }
    }
  }

  async #requestAssignment(): Promise<Assignment> {
    const { context, subscription, topics, leaseMs, wakeUps } = this.#options
    const nowMs = systemClock.now()
    const member: Member = { topics: subscription.topics, process: processIdentity, leaseEndsAtMs: nowMs + leaseMs }
    const isGone = (other: Member): boolean =>
      other.leaseEndsAtMs < nowMs || (other.process !== processIdentity && !isProcessAlive(other.process))
    const self = { id: this.#id, member, topics }
    const assignment = await context.writer.run(() => context.groups.reconcile(subscription.group, self, isGone))
    if (assignment.changed) wakeUps.groupChanged(subscription.group)
    return assignment
  }

  async #apply({ owned, release }: Assignment): Promise<void> {
    for (const partition of release) this.#end(partition, true)
    const wanted = new Map(owned.map((partition) => [nameOf(partition), partition]))
    for (const [name, consumer] of this.#consumers) {
      if (wanted.get(name)?.claim.epoch === consumer.epoch) continue
      this.#reportedAssignment = undefined
      this.#end(consumer, false)
    }
    const assigned = [...wanted.keys()].sort().join(' ')
    const partitions = owned.map(({ topic, partition }) => ({ topic: topic.name, partition }))
    if (assigned !== this.#reportedAssignment) await this.#options.subscription.onAssigned?.(partitions)
    this.#reportedAssignment = assigned
    if (this.#closed) return
    for (const [name, partition] of wanted) {
      // One that is still ending asks for another look at the group when it has.
      if (!this.#consumers.has(name) && !this.#ending.has(name)) this.#startConsumer(name, partition)
    }
  }

  #startConsumer(name: string, owned: OwnedPartition): void {
    const { context, subscription } = this.#options
    const consumer = new PartitionConsumer(
      context,
      { memberId: this.#id, subscription, pace: this.#pace },
      { ...owned, paused: this.#paused },
    )
    this.#consumers.set(name, consumer)
    consumer.start()
  }

  /** Lets the batch in flight end; with `release` the partition is then free for the member whose share it has become. */
  #end(place: { readonly topic: Topic; readonly partition: number }, release: boolean): void {
    const name = nameOf(place)
    if (this.#ending.has(name)) return
    const { context, subscription, wakeUps } = this.#options
    const consumer = this.#consumers.get(name)
    this.#consumers.delete(name)
    const end = async (): Promise<void> => {
      await consumer?.stop()
      const partition = { topic: place.topic.name, partition: place.partition }
      if (release) await context.writer.run(() => context.groups.release(subscription.group, partition, this.#id))
    }
    const ending = end()
      .catch((error: unknown) => context.log.error({ err: error, partition: name }, 'handing over a partition failed'))
      .finally(() => {
        this.#ending.delete(name)
        wakeUps.groupChanged(subscription.group)
      })
    this.#ending.set(name, ending)
  }
}

const nameOf = ({ topic, partition }: { readonly topic: Topic; readonly partition: number }): string =>
  `${topic.name}/${partition}`
