import { topics } from '@rapport/contracts'
import { RapportError, type Log } from '@rapport/core'
import type { EventLog, RecordBatch, Subscriber } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const CountsSchema = Type.Object({
  /** The first offset that is not counted. */
  nextOffset: Type.Integer({ minimum: 0 }),
  counts: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
})
const validator = Compile(CountsSchema)
const prefix = 'training/event-counts/'
const objectKey = (partition: number): string => `${prefix}${partition}.json`
export const eventCountsGroup = 'rapport.training-event-counts'

/** How many events each tenant has had, as of the last flush of the counter. */
export async function readEventCounts(objectStore: ObjectStore): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>()
  for await (const { key } of objectStore.list(prefix)) {
    const { counts } = await readCounts(objectStore, key)
    for (const [tenant, count] of Object.entries(counts)) totals.set(tenant, (totals.get(tenant) ?? 0) + count)
  }
  return totals
}

async function readCounts(objectStore: ObjectStore, key: string): Promise<Static<typeof CountsSchema>> {
  const found = await objectStore.get(key)
  if (found === undefined) return { nextOffset: 0, counts: {} }
  const value: unknown = JSON.parse(Buffer.from(found.body).toString('utf8'))
  if (validator.Check(value)) return value
  throw new RapportError('RPT_COUNTS_CORRUPT', `The object ${key} does not hold counts of events.`)
}

interface PartitionCounts {
  nextOffset: number
  readonly counts: Map<string, number>
  /** The newest batch that is counted and not flushed. */
  unflushed: RecordBatch | undefined
}

export interface EventCounterOptions {
  readonly eventLog: EventLog
  readonly objectStore: ObjectStore
  readonly log: Log
  readonly flushMs: number
}

/**
 * Counts events by tenant, each once: the counts of a partition lie in an object together with the offset up to which they
 * go, and the group's checkpoint follows that object. It looks at keys alone.
 */
export class EventCounter implements AsyncDisposable {
  readonly #options: EventCounterOptions
  readonly #partitions = new Map<number, PartitionCounts>()
  #subscriber: Subscriber | undefined
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> = Promise.resolve()

  constructor(options: EventCounterOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#subscriber = await this.#options.eventLog.subscribe({
      group: eventCountsGroup,
      topics: [topics.events.name],
      maxRecords: 5_000,
      onBatch: (batch) => this.#count(batch),
    })
    this.#timer = setInterval(() => void this.flush(), this.#options.flushMs)
    this.#timer.unref()
  }

  /** Makes what is counted durable. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      for (const [partition, state] of this.#partitions) await this.#flush(partition, state)
    })
    return this.#flushing
  }

  /** Forgets what a tenant has had: durable when it resolves. */
  async forget(tenant: string): Promise<void> {
    const forgetting = this.#flushing.then(async () => {
      for await (const { key } of this.#options.objectStore.list(prefix)) await this.#forget(key, tenant)
    })
    this.#flushing = forgetting.catch(() => undefined)
    await forgetting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#subscriber?.pause()
    await this.flush()
    await this.#subscriber?.[Symbol.asyncDispose]()
  }

  async #count(batch: RecordBatch): Promise<void> {
    const state = await this.#stateFor(batch)
    for (const { offset, key } of batch.records) {
      if (offset < state.nextOffset) continue
      const tenant = key.slice(0, Math.max(0, key.indexOf('/')))
      state.counts.set(tenant, (state.counts.get(tenant) ?? 0) + 1)
      state.nextOffset = offset + 1
    }
    state.unflushed = batch
  }

  /** What is in memory counts on only while the partition has been this consumer's all the time. */
  async #stateFor(batch: RecordBatch): Promise<PartitionCounts> {
    const known = this.#partitions.get(batch.partition)
    const isStale = known?.unflushed?.isCurrent() === false
    if (known !== undefined && !isStale && (batch.checkpoint?.nextOffset ?? 0) <= known.nextOffset) return known
    const { nextOffset, counts } = await readCounts(this.#options.objectStore, objectKey(batch.partition))
    const state = { nextOffset, counts: new Map(Object.entries(counts)), unflushed: undefined }
    this.#partitions.set(batch.partition, state)
    return state
  }

  async #forget(key: string, tenant: string): Promise<void> {
    const { objectStore } = this.#options
    const partition = Number(/(\d+)\.json$/.exec(key)?.[1])
    const known = this.#partitions.get(partition)
    known?.counts.delete(tenant)
    const { nextOffset, counts } = await readCounts(objectStore, key)
    if (counts[tenant] === undefined) return
    const { [tenant]: _forgotten, ...rest } = counts
    await objectStore.put(key, Buffer.from(JSON.stringify({ nextOffset, counts: rest })))
  }

  async #flush(partition: number, state: PartitionCounts): Promise<void> {
    const { unflushed, nextOffset } = state
    if (unflushed === undefined || !unflushed.isCurrent()) return
    const body = Buffer.from(JSON.stringify({ nextOffset, counts: Object.fromEntries(state.counts) }))
    try {
      await this.#options.objectStore.put(objectKey(partition), body)
      await unflushed.commit(nextOffset)
      if (state.unflushed === unflushed) state.unflushed = undefined
    } catch (error) {
      this.#options.log.warn({ err: error, partition }, 'counts of events were not stored; the next flush tries again')
    }
  }
}
