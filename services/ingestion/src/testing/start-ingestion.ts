import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessKey, topics, type Event, type Scope, type TenantAccess } from '@rapport/contracts'
import { systemClock, type Clock } from '@rapport/core'
import type { EventLog, LogRecord } from '@rapport/messaging'
import { openEmbeddedEventLog } from '@rapport/messaging/embedded'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import type { OnlineStore } from '@rapport/online-store'
import { openEmbeddedOnlineStore } from '@rapport/online-store/embedded'
import {
  createApiKeyText,
  createHttpServer,
  createLogger,
  hashApiKey,
  startAccessControl,
  type HttpApp,
  type HttpServer,
  type RateLimit,
} from '@rapport/service-kit'
import { Registry } from 'prom-client'
import { createIngestionService } from '../service.ts'

export interface StartOptions {
  readonly clock?: Clock
  readonly rateLimit?: RateLimit
  readonly publishDeadlineMs?: number
  /** Wraps a driver, to make it fail where a test says so. */
  readonly wrapEventLog?: (eventLog: EventLog) => EventLog
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
  readonly metrics: Registry
  /** Runs what a consumer thread runs, to its end. */
  repair(): Promise<void>
  records(topic: string): Promise<LogRecord[]>
  events(): Promise<Event[]>
}

const allScopes: readonly Scope[] = ['events:write', 'catalog:write', 'ops:admin']

/** The ingestion service on the embedded drivers in a folder of its own, behind the real HTTP server. */
export async function startIngestion(options: StartOptions = {}): Promise<RunningIngestion> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'rapport-ingestion-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const log = createLogger('ingestion-test', { level: 'silent' })
  const clock = options.clock ?? systemClock
  const eventLog = stack.use(
    await openEmbeddedEventLog({ directory: join(folder, 'log'), topics: Object.values(topics), log }),
  )
  const onlineStore = stack.use(await openEmbeddedOnlineStore({ directory: join(folder, 'store'), log }))
  const objectStore = stack.use(await openFilesystemObjectStore({ directory: join(folder, 'objects'), log }))
  const [key, otherKey, readerKey] = [createApiKeyText(), createApiKeyText(), createApiKeyText()]
  const writeAccess = (access: TenantAccess) =>
    objectStore.put(accessKey(access.tenant), Buffer.from(JSON.stringify(access)))
  await writeAccess(accessOf('shop', { [key]: allScopes, [readerKey]: ['recommend'] }))
  await writeAccess(accessOf('other', { [otherKey]: allScopes }))
  const { rateLimit } = options
  const access = stack.use(
    await startAccessControl({ objectStore, eventLog, log, clock, ...(rateLimit === undefined ? {} : { rateLimit }) }),
  )
  const metrics = new Registry()
  const service = stack.use(
    await createIngestionService(
      { publishDeadlineMs: options.publishDeadlineMs ?? 5_000 },
      {
        log,
        clock,
        objectStore,
        metrics,
        eventLog: options.wrapEventLog?.(eventLog) ?? eventLog,
        onlineStore: options.wrapOnlineStore?.(onlineStore) ?? onlineStore,
      },
    ),
  )
  const server = stack.use(
    await createHttpServer({ log, access, title: 'Ingestion', version: '0', services: [service], metrics }),
  )
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
    metrics,
    repair: async () => {
      await service.startConsuming()
      await service[Symbol.asyncDispose]()
    },
    records,
    events: async () => (await records(topics.events.name)).map(decode<Event>),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export const decode = <T>({ value }: LogRecord): T => JSON.parse(Buffer.from(value ?? []).toString('utf8')) as T

const accessOf = (tenant: string, keys: Readonly<Record<string, readonly Scope[]>>): TenantAccess => ({
  tenant,
  createdAt: new Date(0).toISOString(),
  keys: Object.entries(keys).map(([text, scopes], index) => ({
    id: `${tenant}-key-${index}`,
    name: 'test',
    sha256: hashApiKey(text),
    scopes: [...scopes],
    createdAt: new Date(0).toISOString(),
  })),
})

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
