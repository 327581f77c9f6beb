import { redisCommand, startRedis, type Redis } from '@rapport/infra'
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisFencedLock, type RedisFencedLock } from './index.ts'
import { redisRights } from './rights.ts'

const patience = { ttlMs: 10_000, waitMs: 10_000 }
const once = { ttlMs: 10_000, waitMs: 0 }

let redis: Redis
let mine: RedisFencedLock
let theirs: RedisFencedLock
let name: string
/** All of it under the rights that the document for operators names. */
const urlOf = (user: string): string => redis.url.replace('//', `//${user}:secret@`)
beforeAll(async () => {
  redis = await startRedis()
  await redisCommand(redis.port, 'ACL', 'SETUSER', 'rapport', 'on', '>secret', ...redisRights.always.split(' '))
})
afterAll(() => redis[Symbol.asyncDispose]())
beforeEach(async () => {
  const options = { url: urlOf('rapport'), log: silent, commandTimeoutMs: 500 }
  mine = await connectRedisFencedLock(options)
  theirs = await connectRedisFencedLock(options)
  name = `models/${randomUUID()}/{}`
})
afterEach(async () => {
  await mine[Symbol.asyncDispose]()
  await theirs[Symbol.asyncDispose]()
})

describe('the lock on Redis', () => {
  it('lets one hold it, others under other names, and the next when it is given back', async () => {
    const lease = await mine.acquire(name, once)
    expect(lease?.remainingMs()).toBeGreaterThan(9_000)
    expect(await theirs.acquire(name, once)).toBeUndefined()
    expect(await theirs.acquire(`${name}2`, once)).toBeDefined()
    const next = theirs.acquire(name, patience)
    await lease?.release()
    expect(lease?.remainingMs()).toBeLessThanOrEqual(0)
    expect((await next)?.token).toBeGreaterThan(lease?.token ?? Number.NaN)
  })

  it('excludes: what many do under it happens one after another', async () => {
    let inside = 0
    let most = 0
    const tokens: number[] = []
    const work = async (lock: RedisFencedLock): Promise<void> => {
      for (let turn = 0; turn < 10; turn += 1) {
        const lease = await lock.acquire(name, patience)
        if (lease === undefined) throw new Error('there was time enough')
        inside += 1
        most = Math.max(most, inside)
        tokens.push(lease.token)
        await lease.renew(10_000)
        inside -= 1
        await lease.release()
      }
    }
    await Promise.all([mine, theirs, mine, theirs].map(work))
    expect(most).toBe(1)
    expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b))
    expect(tokens).toHaveLength(40)
  })

  it('ends a lease by its time, and tells its holder, who leaves the next one alone', async () => {
    const lease = await mine.acquire(name, { ttlMs: 50, waitMs: 0 })
    const next = await theirs.acquire(name, patience)
    expect(next).toBeDefined()
    expect(lease?.remainingMs()).toBeLessThanOrEqual(0)
    expect(await lease?.renew(10_000)).toBe(false)
    await lease?.release()
    expect(await next?.renew(10_000)).toBe(true)
  })

  it('gives greater tokens also after the server has lost everything', async () => {
    const lease = await mine.acquire(name, once)
    await redisCommand(redis.port, 'FLUSHALL')
    const next = await theirs.acquire(name, once)
    expect(next?.token).toBeGreaterThan(lease?.token ?? Number.NaN)
    expect(await lease?.renew(1_000)).toBe(false)
  })

  it('names a right that is missing', async () => {
    const rights = redisRights.always.replace(' +time', '').split(' ')
    await redisCommand(redis.port, 'ACL', 'SETUSER', 'poor', 'on', '>secret', ...rights)
    await using poor = await connectRedisFencedLock({ url: urlOf('poor'), log: silent })
    await expect(poor.acquire(name, once)).rejects.toThrow('the ACL of the user does not allow it')
  })

  it('says so when the server does not answer, and a lease runs on as it was', async () => {
    const lease = await mine.acquire(name, once)
    await redis.server.pause()
    await expect(theirs.acquire(name, once)).rejects.toMatchObject({ canRetry: true })
    await expect(lease?.renew(20_000)).rejects.toMatchObject({ canRetry: true })
    expect(lease?.remainingMs()).toBeGreaterThan(0)
    await lease?.release()
    redis.server.resume()
    // What had arrived is done now, the end of the lease perhaps too.
    await vi.waitFor(async () => expect(await mine.acquire(`${name}3`, once)).toBeDefined(), { timeout: 10_000 })
  })
})
