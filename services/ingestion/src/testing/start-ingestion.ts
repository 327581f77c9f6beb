import { topics, type Event, type Item } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { EventLog, LogRecord } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import type { HttpApp, HttpServer, RateLimit } from '@rapport/service-kit'
import { createTestPlatform } from '@rapport/service-kit/testing'
import { Registry } from 'prom-client'
import { createIngestionService } from '../service.ts'

export interface StartOptions {
  readonly clock?: Clock
  readonly rateLimit?: RateLimit
  readonly publishDeadlineMs?: number
  readonly batchThreads?: number
  readonly inboxTenants?: readonly string[]
  /** Wraps a driver, to make it fail where a test says so. */
  readonly wrapEventLog?: (eventLog: EventLog) => EventLog
  readonly wrapObjectStore?: (objectStore: ObjectStore) => ObjectStore
  readonly wrapOnlineStore?: (onlineStore: OnlineStore) => OnlineStore
}

export interface RunningIngestion extends AsyncDisposable {
  readonly app: HttpApp
  readonly server: HttpServer
  /** A key of the tenant `shop` with every scope that ingestion knows. */
  readonly key: string
  /** A key of the tenant `other`. */
  readonly otherKey: string
  /** A key of `shop` that may only recommend. */
  readonly readerKey: string
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  /** Runs what a consumer thread runs. */
  consume(): Promise<void>
  /** Another process consumes, to the end of its repair. */
  repair(): Promise<void>
  /** The sum of a metric's samples that have these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  records(topic: string): Promise<LogRecord[]>
  events(): Promise<Event[]>
}

/** The ingestion service on the embedded drivers in a folder of its own, behind the real HTTP server. */
export async function startIngestion(options: StartOptions = {}): Promise<RunningIngestion> {
  await using stack = new AsyncDisposableStack()
  const { clock, rateLimit, publishDeadlineMs = 5_000, batchThreads = 1, inboxTenants = [] } = options
  const platform = stack.use(
    await createTestPlatform({
      inboxTenants,
      ...(clock && { clock }),
      ...(rateLimit && { rateLimit, pollMs: 3_600_000 }),
    }),
  )
  const { eventLog, onlineStore, objectStore } = platform.dependencies
  const create = (metrics: Registry) =>
    createIngestionService(
      { publishDeadlineMs, batchThreads, inboxTenants },
      {
        ...platform.dependencies,
        metrics,
        eventLog: options.wrapEventLog?.(eventLog) ?? eventLog,
        objectStore: options.wrapObjectStore?.(objectStore) ?? objectStore,
        onlineStore: options.wrapOnlineStore?.(onlineStore) ?? onlineStore,
      },
    )
  const service = stack.use(await create(platform.dependencies.metrics))
  const key = await platform.issueKey('shop', ['events:write', 'catalog:write', 'ops:admin'])
  const readerKey = await platform.issueKey('shop', ['recommend'])
  const otherKey = await platform.issueKey('other', ['events:write', 'catalog:write', 'ops:admin'])
  const server = await platform.serve([service])
  await service.startServing()
  const owned = stack.move()
  const records = (topic: string) => readAll(eventLog, topic)
  return {
    app: server.app,
    server,
    key,
    otherKey,
    readerKey,
    eventLog,
    onlineStore,
    records,
    metric: async (name, labels = {}) => {
      const metric = await platform.dependencies.metrics.getSingleMetric(name)?.get()
      const samples = (metric?.values ?? []).filter((sample) =>
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      )
      return samples.reduce((sum, { value }) => sum + value, 0)
    },
    consume: () => service.startConsuming(),
    repair: async () => {
      await using consuming = await create(new Registry())
      await consuming.startConsuming()
    },
    events: async () => (await records(topics.events.name)).map(decodeEvent),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const decodeEvent = ({ value }: LogRecord): Event => JSON.parse(Buffer.from(value ?? []).toString('utf8')) as Event
export const decodeItem = ({ value }: LogRecord): Item => JSON.parse(Buffer.from(value ?? []).toString('utf8')) as Item

async function readAll(eventLog: EventLog, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topic)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic, partition, offset }, 1_000)
      records.push(...page)
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return records
}
