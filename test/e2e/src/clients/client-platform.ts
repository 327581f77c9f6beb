import { topics, type Event } from '@rapport/contracts'
import { createFeatureService, FeatureConfigSchema, toFeatureConfig } from '@rapport/feature'
import { createIngestionService } from '@rapport/ingestion'
import type { EventLog, OutgoingRecord, RecordPosition } from '@rapport/messaging'
import { readConfig, type RateLimit } from '@rapport/service-kit'
import { createTestPlatform } from '@rapport/service-kit/testing'

export interface ClientPlatformOptions {
  readonly rateLimit?: RateLimit
  /** Stands between ingestion and the real log. */
  readonly publish?: (eventLog: EventLog, records: readonly OutgoingRecord[]) => Promise<readonly RecordPosition[]>
}

/** Ingestion and the consumers of its events, on real stores, reached over a real socket. */
export interface ClientPlatform extends AsyncDisposable {
  readonly url: string
  readonly key: string
  /** Status of every answer of an event route so far. */
  readonly statuses: readonly number[]
  /** Every record of the log: a client that sends again after a lost answer makes two. */
  events(): Promise<Event[]>
  /** How many events of that name took effect for the user. */
  applied(userId: string, event: string): Promise<number>
}

export async function startClientPlatform(options: ClientPlatformOptions = {}): Promise<ClientPlatform> {
  await using stack = new AsyncDisposableStack()
  const { rateLimit, publish } = options
  const platform = stack.use(await createTestPlatform(rateLimit === undefined ? {} : { rateLimit }))
  const { dependencies } = platform
  const { eventLog, onlineStore } = dependencies
  const guarded = publish === undefined ? eventLog : replacePublish(eventLog, (records) => publish(eventLog, records))
  const ingestion = stack.use(
    await createIngestionService(
      { publishDeadlineMs: 5_000, batchThreads: 1, inboxTenants: [] },
      { ...dependencies, eventLog: guarded },
    ),
  )
  const featureConfig = toFeatureConfig(readConfig(FeatureConfigSchema, {}))
  const feature = stack.use(await createFeatureService(featureConfig, dependencies))
  await feature.startConsuming()
  const key = await platform.issueKey('shop', ['events:write'])
  const server = await platform.serve([ingestion])
  const statuses: number[] = []
  server.app.server.on('request', (_request, response) => {
    response.on('finish', () => statuses.push(response.statusCode))
  })
  const { url } = await server.listen({ port: 0 })
  const owned = stack.move()
  return {
    url,
    key,
    statuses,
    events: () => readEvents(eventLog),
    async applied(userId, event) {
      const part = `count/${event}`
      const [state] = await onlineStore.read([{ entity: { tenant: 'shop', kind: 'user', id: userId }, parts: [part] }])
      const value = state?.parts.get(part)
      return value?.op === 'count' ? value.total : 0
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const replacePublish = (eventLog: EventLog, publish: EventLog['publish']): EventLog =>
  new Proxy(eventLog, {
    get: (target, name) => {
      if (name === 'publish') return publish
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })

async function readEvents(eventLog: EventLog): Promise<Event[]> {
  const events: Event[] = []
  const topic = topics.events.name
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topic)) {
    const records = await eventLog.read({ topic, partition, offset: firstOffset }, nextOffset - firstOffset)
    for (const { value } of records) events.push(JSON.parse(Buffer.from(value ?? []).toString('utf8')) as Event)
  }
  return events
}
