import type { TopicDescription } from '@rapport/contracts'
import { redisCommand, startRedis, startRedisCluster, type Redis } from '@rapport/infra'
import type { EventLog, RecordBatch, Subscriber } from '@rapport/messaging'
import { applyTopics, createTopicAdmin, openKafkaEventLog, planTopics } from '@rapport/messaging/kafkajs'
import { connectRedisOnlineStore, type RedisOnlineStore } from '@rapport/online-store/redis'
import { randomUUID } from 'node:crypto'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLogger } from '../logger.ts'
import { addDriverMetrics, type MeasuredDrivers } from './driver-metrics.ts'

const WAIT = { timeout: 20_000, interval: 50 }
const log = createLogger('test', { level: 'silent' })

let owned: AsyncDisposableStack
beforeEach(() => {
  owned = new AsyncDisposableStack()
})
afterEach(() => owned.disposeAsync())

const idle: MeasuredDrivers = {
  eventLog: { stats: () => ({ lags: [], bufferedBytes: 0 }) },
  onlineStore: {
    stats: () => ({ isUnavailable: false, sessionsLostTotal: 0, cache: { isUnavailable: false, droppedTotal: 0 } }),
  },
  objectStore: { stats: () => ({ requestsTotal: 0, failuresTotal: 0 }) },
}

function registryOf(drivers: Partial<MeasuredDrivers>): Registry {
  const registry = new Registry()
  addDriverMetrics(registry, { ...idle, ...drivers })
  return registry
}

describe('on Kafka', () => {
  const client = () => ({ brokers: (process.env['RAPPORT_KAFKA_BROKERS'] ?? '').split(',') })
  const group = `group-${randomUUID()}`
  const topic: TopicDescription = { name: `test.metrics-${randomUUID()}.v1`, partitions: 4, cleanup: 'delete' }

  /** A process of the group as far as its metrics go. */
  async function startMember(): Promise<{ eventLog: EventLog; subscriber: Subscriber; metrics: Registry }> {
    const eventLog = owned.use(await openKafkaEventLog({ client: client(), topics: [topic], log, heartbeatMs: 100 }))
    const onBatch = (batch: RecordBatch): Promise<void> => batch.commit(batch.records.at(-1)?.offset ?? 0)
    const subscriber = await eventLog.subscribe({ group, topics: [topic.name], onBatch })
    return { eventLog, subscriber, metrics: registryOf({ eventLog }) }
  }

  /** By partition. */
  async function valuesOf(metrics: Registry, name: string): Promise<Map<string, number>> {
    const found = await metrics.getSingleMetric(name)?.get()
    const own = (found?.values ?? []).filter(
      ({ labels }) => labels['group'] === group && labels['topic'] === topic.name,
    )
    return new Map(own.map(({ labels, value }) => [String(labels['partition']), value]))
  }

  test('lag and offset of what a process reads are shown, and vanish when the partition moves', async () => {
    const admin = owned.use(createTopicAdmin(client()))
    await applyTopics(admin, await planTopics(admin, [topic], { replication: 1, minInsyncReplicas: 1 }))
    owned.defer(() => admin.deleteTopics([topic.name]))
    const first = await startMember()
    const [place] = await first.eventLog.publish(
      Array.from({ length: 10 }, () => ({ topic: topic.name, key: 'one', value: Buffer.from('v') })),
    )
    const partition = String(place?.partition)
    // It leaves the last record undone.
    await vi.waitFor(async () => {
      expect(await valuesOf(first.metrics, 'rapport_consumer_offset')).toEqual(new Map([[partition, 9]]))
      const lags = await valuesOf(first.metrics, 'rapport_consumer_lag_records')
      expect([lags.size, lags.get(partition), [...lags.values()].reduce((sum, lag) => sum + lag)]).toEqual([4, 1, 1])
    }, WAIT)

    const second = await startMember()
    const shares = async (): Promise<string[][]> =>
      Promise.all(
        [first, second].map(async ({ metrics }) => [
          ...(await valuesOf(metrics, 'rapport_consumer_lag_records')).keys(),
        ]),
      )
    await vi.waitFor(async () => expect((await shares()).map(({ length }) => length)).toEqual([2, 2]), WAIT)
    expect((await shares()).flat().toSorted()).toEqual(['0', '1', '2', '3'])

    await first.subscriber[Symbol.asyncDispose]()
    expect(await valuesOf(first.metrics, 'rapport_consumer_offset')).toEqual(new Map())
    expect(await valuesOf(first.metrics, 'rapport_consumer_lag_records')).toEqual(new Map())
    await vi.waitFor(async () => {
      expect(await valuesOf(second.metrics, 'rapport_consumer_offset')).toEqual(new Map([[partition, 9]]))
      expect((await valuesOf(second.metrics, 'rapport_consumer_lag_records')).get(partition)).toBe(1)
    }, WAIT)
  })
})

describe('on Redis', () => {
  const entity = { tenant: 'shop', kind: 'user', id: 'ada' }
  let redis: Redis
  beforeEach(async () => {
    redis = owned.use(await startRedis())
  })

  async function connect(
    changes: { url?: string; cacheUrl?: string } = {},
  ): Promise<{ store: RedisOnlineStore; metrics: Registry }> {
    const store = owned.use(await connectRedisOnlineStore({ url: redis.url, log, commandTimeoutMs: 500, ...changes }))
    return { store, metrics: registryOf({ onlineStore: store }) }
  }
  const writeCached = (store: RedisOnlineStore): Promise<void> =>
    store.writeCached({ entity, name: 'answer' }, new Uint8Array(100), 60_000)
  const read = (store: RedisOnlineStore) => store.read([{ entity, parts: 'all' }])

  /** What is not 0, by name. */
  async function shown(metrics: Registry): Promise<Record<string, number>> {
    const all = await metrics.getMetricsAsJSON()
    const values = all.flatMap(({ name, values: [first] }) =>
      first === undefined ? [] : [[name, first.value] as const],
    )
    return Object.fromEntries(values.filter(([, value]) => value !== 0))
  }

  test('a full one: what is not kept is counted', async () => {
    const { store, metrics } = await connect()
    await writeCached(store)
    expect(await shown(metrics)).toEqual({})
    await redisCommand(redis.port, 'CONFIG', 'SET', 'maxmemory', '1')
    await writeCached(store)
    await writeCached(store)
    expect(await shown(metrics)).toEqual({ rapport_cache_dropped_total: 2 })
  })

  test('a dead one, and one that is back', { timeout: 60_000 }, async () => {
    const { store, metrics } = await connect()
    await redis.server.kill()
    const away = {
      rapport_online_store_unavailable: 1,
      rapport_cache_unavailable: 1,
      rapport_online_store_sessions_lost_total: 1,
    }
    await vi.waitFor(async () => expect(await shown(metrics)).toEqual(away), WAIT)
    await redis.server.start()
    await vi.waitFor(() => store.ping(), WAIT)
    expect(await shown(metrics)).toEqual({ rapport_online_store_sessions_lost_total: 1 })
  })

  test('a silent one, once calls are kept from it', { timeout: 60_000 }, async () => {
    const { store, metrics } = await connect()
    await read(store)
    await redis.server.pause()
    for (let call = 0; call < 3; call += 1) await expect(read(store)).rejects.toMatchObject({ canRetry: true })
    expect(await shown(metrics)).toMatchObject({ rapport_online_store_unavailable: 1 })
    redis.server.resume()
    await vi.waitFor(() => read(store), WAIT)
    expect((await shown(metrics))['rapport_online_store_unavailable']).toBeUndefined()
  })

  test('one node of a cluster that is silent, while the others answer', { timeout: 60_000 }, async () => {
    const cluster = owned.use(await startRedisCluster())
    const { store, metrics } = await connect({ url: cluster.urls[0] ?? '' })
    const readEach = (): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(
        Array.from({ length: 30 }, (_, number) =>
          store.read([{ entity: { ...entity, id: `${number}` }, parts: 'all' }]),
        ),
      )
    await readEach()
    expect(await shown(metrics)).toEqual({})
    await cluster.servers[2]?.pause()
    expect(new Set((await readEach()).map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']))
    expect(await shown(metrics)).toMatchObject({ rapport_online_store_unavailable: 1 })
    cluster.servers[2]?.resume()
    await vi.waitFor(async () => {
      expect((await readEach()).every(({ status }) => status === 'fulfilled')).toBe(true)
      expect((await shown(metrics))['rapport_online_store_unavailable']).toBeUndefined()
    }, WAIT)
  })

  test('a dead one for cached values alone', async () => {
    const cache = owned.use(await startRedis())
    const { store, metrics } = await connect({ cacheUrl: cache.url })
    await cache.server.kill()
    await vi.waitFor(async () => expect(await shown(metrics)).toEqual({ rapport_cache_unavailable: 1 }), WAIT)
    await writeCached(store)
    await read(store)
    expect(await shown(metrics)).toEqual({ rapport_cache_unavailable: 1, rapport_cache_dropped_total: 1 })
  })
})
