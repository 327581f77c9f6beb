import { redisCommand, startRedis, type Redis } from '@rapport/infra'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Application, CacheKey, EntityRef } from '../../online-store.ts'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisOnlineStore } from './index.ts'
import { reconnectDelayMs } from './options.ts'

/** So long that a busy machine is not taken for a time-out. */
const commandTimeoutMs = 2000

let redis: Redis
beforeEach(async () => {
  redis = await startRedis({ config: ['maxmemory-policy volatile-lru'] })
})
afterEach(() => redis[Symbol.asyncDispose]())

const entityOf = (number: number): EntityRef => ({ tenant: 'shop', kind: 'user', id: `user-${number}` })
const applicationOf = (number: number, value = ''): Application => ({
  entity: entityOf(number),
  topic: 'events',
  partition: 0,
  entries: [
    {
      offset: number,
      messageId: `m${number}`,
      receivedAtMs: number,
      changes: [{ op: 'latest', part: 'latest/traits', field: 'text', atMs: number, value }],
    },
  ],
})
const cacheKeyOf = (number: number): CacheKey => ({ entity: entityOf(number), name: 'answer' })

const field = async (section: string, name: string): Promise<number> =>
  Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await redisCommand(redis.port, 'INFO', section))?.[1])

it(
  'gives up cached values for state, and says so when there is nothing left to give up',
  { timeout: 60_000 },
  async () => {
    await using store = await connectRedisOnlineStore({ url: redis.url, log: silent })
    await redisCommand(
      redis.port,
      'CONFIG',
      'SET',
      'maxmemory',
      `${(await field('memory', 'used_memory')) + 4 * 1024 ** 2}`,
    )
    const value = new Uint8Array(64 * 1024)
    for (let number = 0; number < 200; number += 1) await store.writeCached(cacheKeyOf(number), value, 3_600_000)
    expect(await field('stats', 'evicted_keys')).toBeGreaterThan(50)
    const text = 'x'.repeat(32 * 1024)
    let written = 0
    const fill = async (): Promise<void> => {
      for (; written < 1000; written += 1) await store.apply([applicationOf(written, text)])
    }
    await expect(fill()).rejects.toMatchObject({ code: 'RPT_ONLINE_STORE_UNAVAILABLE', canRetry: true })
    expect(written).toBeGreaterThan(20)
    // All that was taken is there.
    const states = await store.read(Array.from({ length: written }, (_, n) => ({ entity: entityOf(n), parts: 'all' })))
    expect(states.filter(({ sequence }) => sequence !== 1)).toEqual([])
    // There is no room for what is cached either, which is nobody's error.
    await store.writeCached(cacheKeyOf(0), value, 3_600_000)
    expect(store.stats().cache.droppedTotal).toBeGreaterThan(0)
    await redisCommand(redis.port, 'CONFIG', 'SET', 'maxmemory', '0')
    expect(await store.apply([applicationOf(written, text)])).toEqual([['applied']])
  },
)

it(
  'fails within its time while the server is silent, at once after three calls, and goes on by itself',
  { timeout: 60_000 },
  async () => {
    await using store = await connectRedisOnlineStore({ url: redis.url, log: silent, commandTimeoutMs })
    await store.apply([applicationOf(1)])
    await redis.server.pause()
    const timed = async (): Promise<number> => {
      const startedMs = performance.now()
      await expect(store.read([{ entity: entityOf(1), parts: 'all' }])).rejects.toMatchObject({ canRetry: true })
      return performance.now() - startedMs
    }
    const first = await timed()
    expect(first).toBeGreaterThan(commandTimeoutMs * 0.9)
    await timed()
    await timed()
    // No connection and an open breaker: nothing to wait for.
    expect(await timed()).toBeLessThan(first / 3)
    redis.server.resume()
    await vi.waitFor(() => store.apply([applicationOf(2)]), { timeout: 20_000 })
    const [state] = await store.read([{ entity: entityOf(1), parts: 'all' }])
    expect(state?.sequence).toBe(1)
  },
)

it('fails at once while the server is gone, and goes on by itself', { timeout: 60_000 }, async () => {
  await using store = await connectRedisOnlineStore({ url: redis.url, log: silent, commandTimeoutMs })
  await store.apply([applicationOf(1)])
  await redis.server.kill()
  await vi.waitFor(() => expect(store.ping()).rejects.toMatchObject({ canRetry: true }))
  const startedMs = performance.now()
  for (let call = 0; call < 100; call += 1)
    await expect(store.read([{ entity: entityOf(1), parts: 'all' }])).rejects.toMatchObject({ canRetry: true })
  // A hundred calls in less than one time-out: none of them waited for it.
  expect(performance.now() - startedMs).toBeLessThan(commandTimeoutMs)
  await redis.server.start()
  await vi.waitFor(() => store.ping(), { timeout: 20_000 })
  expect(await store.apply([applicationOf(2)])).toEqual([['applied']])
})

it('processes do not come back together', () => {
  for (const attempt of [0, 5, 50]) {
    const delays = Array.from({ length: 100 }, () => reconnectDelayMs(attempt))
    expect(new Set(delays).size, `attempt ${attempt}`).toBeGreaterThan(30)
    expect(Math.max(...delays)).toBeLessThanOrEqual(2020)
  }
})

it('closes while the server is away, or holds its answers', { timeout: 30_000 }, async () => {
  const connect = () => connectRedisOnlineStore({ url: redis.url, log: silent, commandTimeoutMs })
  const stores = await Promise.all(Array.from({ length: 20 }, connect))
  const held = await connect()
  await redis.server.pause()
  await held[Symbol.asyncDispose]()
  await redis.server.kill()
  // Each at another moment of its attempts to connect again.
  for (const store of stores) {
    await expect(store.ping()).rejects.toMatchObject({ canRetry: true })
    await store[Symbol.asyncDispose]()
  }
})
