import { redisCommand, startRedis, startRedisCluster, type Redis } from '@rapport/infra'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Application, EntityRef } from '../../online-store.ts'
import { connectRedisOnlineStore } from './index.ts'

let redis: Redis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis[Symbol.asyncDispose]())

const lines: string[] = []
const note = (_fields: object, message?: string): void => {
  lines.push(message ?? '')
}
const log = { debug: note, info: note, warn: note, error: note }

const entity: EntityRef = { tenant: 'shop', kind: 'user', id: 'ada' }
const applicationOf = (offset: number, of = entity): Application => ({
  entity: of,
  topic: 'events',
  partition: 0,
  entries: [
    {
      offset,
      messageId: `m${offset}`,
      receivedAtMs: offset,
      changes: [{ op: 'tally', part: 'tally/x', field: 'f', amount: 1 }],
    },
  ],
})

it('writes nothing for a session whose connection was lost', async () => {
  await using store = await connectRedisOnlineStore({ url: redis.url, log })
  const { session } = store
  expect(await store.apply([applicationOf(1)], { session })).toEqual([['applied']])
  expect(store.session).toBe(session)
  await redisCommand(redis.port, 'CLIENT', 'KILL', 'TYPE', 'normal')
  await vi.waitFor(() => store.ping(), { timeout: 10_000 })
  expect(store.session).not.toBe(session)
  await expect(store.apply([applicationOf(2)], { session })).rejects.toMatchObject({
    code: 'RPT_ONLINE_STORE_SESSION',
    canRetry: true,
  })
  expect(await store.apply([applicationOf(2)], { session: store.session })).toEqual([['applied']])
})

it('leaves a primary that has become a replica, and ends the session', async () => {
  await using store = await connectRedisOnlineStore({ url: redis.url, log })
  const { session } = store
  await redisCommand(redis.port, 'REPLICAOF', '127.0.0.1', '1')
  await expect(store.apply([applicationOf(3)])).rejects.toMatchObject({ code: 'RPT_ONLINE_STORE_UNAVAILABLE' })
  await redisCommand(redis.port, 'REPLICAOF', 'NO', 'ONE')
  await vi.waitFor(() => store.apply([applicationOf(3)]), { timeout: 10_000 })
  expect(store.session).not.toBe(session)
})

it('does not call a connection lost that it gives up itself', async () => {
  lines.length = 0
  const store = await connectRedisOnlineStore({ url: redis.url, log })
  await store[Symbol.asyncDispose]()
  expect(lines).toEqual([])
})

it('can be closed while its servers are away, in the middle of a try to connect or between two', async () => {
  await using single = await startRedis()
  await using cluster = await startRedisCluster()
  const urls = [single.url, single.url, single.url, cluster.urls[0] ?? '', cluster.urls[1] ?? '']
  const stores = await Promise.all(urls.map((url) => connectRedisOnlineStore({ url, log })))
  await Promise.all([single.server, ...cluster.servers].map((server) => server.kill()))
  for (const store of stores) {
    await vi.waitFor(() => expect(store.ping()).rejects.toMatchObject({ canRetry: true }), { timeout: 10_000 })
    await store[Symbol.asyncDispose]()
  }
})

it('ends the session when any node of a cluster has closed a connection', async () => {
  await using cluster = await startRedisCluster()
  await using store = await connectRedisOnlineStore({ url: cluster.urls[0] ?? '', log })
  const entities = Array.from({ length: 30 }, (_, number) => ({ ...entity, id: `user-${number}` }))
  await store.apply(entities.map((one) => applicationOf(1, one)))
  const { session } = store
  await redisCommand(cluster.ports[2] ?? 0, 'CLIENT', 'KILL', 'TYPE', 'normal')
  await vi.waitFor(() => expect(store.session).not.toBe(session), { timeout: 10_000 })
  const again = entities.map((one) => applicationOf(2, one))
  await expect(store.apply(again, { session })).rejects.toMatchObject({ code: 'RPT_ONLINE_STORE_SESSION' })
  await vi.waitFor(() => store.apply(again, { session: store.session }), { timeout: 10_000 })
})
