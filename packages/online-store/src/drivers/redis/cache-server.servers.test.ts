import { redisCommand, startRedis, type Redis } from '@rapport/infra'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Application, CacheKey, EntityRef } from '../../online-store.ts'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisOnlineStore, type RedisOnlineStore } from './index.ts'

let owned: AsyncDisposableStack
let redis: Redis
let cache: Redis
beforeEach(async () => {
  owned = new AsyncDisposableStack()
  redis = owned.use(await startRedis())
  cache = owned.use(await startRedis({ config: ['maxmemory-policy allkeys-lru'] }))
})
afterEach(() => owned.disposeAsync())

const entity: EntityRef = { tenant: 'shop', kind: 'user', id: 'ada' }
const key: CacheKey = { entity, name: 'answer' }
const value = new Uint8Array([1, 2, 3])
const application: Application = {
  entity,
  topic: 'events',
  partition: 0,
  entries: [
    {
      offset: 1,
      messageId: 'm1',
      receivedAtMs: 1,
      changes: [{ op: 'tally', part: 'tally/x', field: 'f', amount: 1 }],
    },
  ],
}

const connect = async (): Promise<RedisOnlineStore> =>
  owned.use(await connectRedisOnlineStore({ url: redis.url, cacheUrl: cache.url, log: silent, commandTimeoutMs: 300 }))
const keysOf = async ({ port }: Redis): Promise<number> => Number(await redisCommand(port, 'DBSIZE'))

it('keeps cached values on the other server, and clears both', async () => {
  const store = await connect()
  await store.apply([application])
  const ofState = await keysOf(redis)
  await store.writeCached(key, value, 60_000)
  expect([await keysOf(redis), await keysOf(cache)]).toEqual([ofState, 1])
  expect(await store.readCached([key])).toEqual([Buffer.from(value)])
  await store.clearState('shop')
  expect([await keysOf(redis), await keysOf(cache)]).toEqual([0, 0])
})

it(
  'goes on without it: nothing is found and nothing kept; what is told to go is not called gone',
  { timeout: 60_000 },
  async () => {
    const store = await connect()
    await store.writeCached(key, value, 60_000)
    await cache.server.kill()
    await vi.waitFor(async () => expect(await store.readCached([key])).toEqual([undefined]))
    await store.writeCached(key, value, 60_000)
    expect(store.stats()).toMatchObject({ isUnavailable: false, cache: { isUnavailable: true, droppedTotal: 1 } })
    expect(await store.apply([application])).toEqual([['applied']])
    await store.ping()
    await expect(store.clearState('shop')).rejects.toMatchObject({ canRetry: true })
    await cache.server.start()
    await vi.waitFor(() => store.clearState('shop'), { timeout: 20_000 })
    await store.writeCached(key, value, 60_000)
    expect(await store.readCached([key])).toEqual([Buffer.from(value)])
  },
)

it('starts without it, and uses it once it is there', { timeout: 60_000 }, async () => {
  await cache.server.kill()
  const store = await connect()
  expect(await store.readCached([key])).toEqual([undefined])
  await cache.server.start()
  await vi.waitFor(
    async () => {
      await store.writeCached(key, value, 60_000)
      expect(await store.readCached([key])).toEqual([Buffer.from(value)])
    },
    { timeout: 20_000 },
  )
})
