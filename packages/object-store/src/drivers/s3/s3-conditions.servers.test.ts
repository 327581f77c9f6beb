import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ObjectStore } from '../../object-store.ts'
import { describeObjectStore } from '../../port-suite.ts'
import { connectS3ObjectStore, type S3ObjectStoreOptions } from './index.ts'
import { type FaultProxy, startFaultProxy } from './testing/fault-proxy.ts'
import { MemoryFencedLock } from './testing/memory-fenced-lock.ts'
import { newPlace, type S3Place } from './testing/s3-place.ts'
import { twoStepStore } from './testing/two-step-store.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const asText = (value: Uint8Array | undefined): string => new TextDecoder().decode(value)
const unavailable = expect.objectContaining({ code: 'RPT_OBJECT_STORE_UNAVAILABLE', canRetry: true })

describeObjectStore('s3 under a lock', async () => {
  const place = await newPlace()
  const lock = new MemoryFencedLock()
  return {
    connect: () => connectS3ObjectStore({ ...place.options, conditionalPuts: 'locked', lock }),
    [Symbol.asyncDispose]: () => place.remove(),
  }
})

describe('conditional puts of the S3 driver', () => {
  let stack: AsyncDisposableStack
  let place: S3Place
  let proxy: FaultProxy
  let lock: MemoryFencedLock
  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    place = await newPlace()
    stack.defer(() => place.remove())
    proxy = stack.use(await startFaultProxy(place.options.endpoint))
    lock = new MemoryFencedLock()
  })
  afterEach(() => stack.disposeAsync())

  const connect = async (options: Partial<S3ObjectStoreOptions> = {}): Promise<ObjectStore> => {
    const store = stack.use(await connectS3ObjectStore({ ...place.options, endpoint: proxy.endpoint, ...options }))
    // What the start has tried is no matter of the tests of writes.
    lock.acquired.length = 0
    lock.released = 0
    return store
  }
  const newLog = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() })

  describe('the probe', () => {
    it('trusts a store that compares atomically, leaves nothing there, and needs no lock', async () => {
      const log = newLog()
      const store = await connect({ log, lock })
      expect(await place.allKeys()).toEqual([])
      expect(await place.unfinishedUploads()).toEqual([])
      expect(log.warn).not.toHaveBeenCalled()
      expect(await store.put('key', text('x'), { ifAbsent: true })).toMatchObject({ stored: true })
      expect(lock.acquired).toEqual([])
    })

    it('sees a store that checks and writes in two steps, and refuses it without a lock', async () => {
      proxy.fault = twoStepStore(place.client, place.options.bucket)
      await expect(connect()).rejects.toThrow(
        expect.objectContaining({
          code: 'RPT_OBJECT_STORE_CONFIG',
          message: expect.stringMatching(/raced to put if match.*lock/),
        }),
      )
      expect(await place.allKeys()).toEqual(['.rapport-object-store/conditional-puts-are-not-atomic'])
    })

    it('says once that it uses the lock, also where an earlier probe has failed and this one would not', async () => {
      proxy.fault = twoStepStore(place.client, place.options.bucket)
      const [first, second] = [newLog(), newLog()]
      await connect({ log: first, lock })
      proxy.fault = () => undefined
      const store = await connect({ log: second, lock })
      for (const log of [first, second]) expect(log.warn).toHaveBeenCalledOnce()
      expect(second.warn.mock.calls[0]?.[0]).toMatchObject({ reason: expect.stringContaining('earlier probe') })
      await store.put('key', text('x'), { ifAbsent: true })
      expect(lock.acquired).toEqual([`object-store/${place.options.bucket}/key`])
    })

    it('goes over to the lock when another process has seen the race, and refuses to write without one', async () => {
      const limits = { distrustCheckMs: 1 }
      const [log, store] = [newLog(), await connect({ limits })]
      const lucky = await connect({ lock, limits, log })
      await lucky.put('before', text('x'))
      expect(lock.acquired).toEqual([])
      proxy.fault = twoStepStore(place.client, place.options.bucket)
      await connect({ lock })
      proxy.fault = () => undefined
      expect(await lucky.put('key', text('x'), { ifAbsent: true })).toMatchObject({ stored: true })
      await lucky.delete(['before'])
      expect(lock.acquired).toEqual(['key', 'before'].map((key) => `object-store/${place.options.bucket}/${key}`))
      expect(log.warn).toHaveBeenCalledOnce()
      await expect(store.put('other', text('x'))).rejects.toMatchObject({ code: 'RPT_OBJECT_STORE_CONFIG' })
      expect(await place.allKeys()).not.toContain('other')
    })

    it('takes an answer of 409 for "not now", once or always', { timeout: 120_000 }, async () => {
      const body = '<Error><Code>Conflict</Code><Message>somebody writes there</Message></Error>'
      const conflict = { kind: 'answer', status: 409, body } as const
      let puts = 0
      const isRacing = ({ method, headers }: { method?: string | undefined; headers: Record<string, unknown> }) =>
        method === 'PUT' && headers['if-match'] !== undefined
      proxy.fault = (incoming) => (isRacing(incoming) && (puts += 1) % 2 === 0 ? conflict : undefined)
      expect(await (await connect()).put('key', text('x'), { ifAbsent: true })).toMatchObject({ stored: true })
      expect(proxy.happened.length).toBeGreaterThan(100)
      // The checks of one writer pass; then every race with a condition is sent away.
      puts = 0
      proxy.fault = (incoming) => (isRacing(incoming) && (puts += 1) > 3 ? conflict : undefined)
      const limits = { maxAttempts: 1 }
      expect(await (await connect({ limits })).put('other', text('x'), { ifAbsent: true })).toMatchObject({
        stored: true,
      })
    })

    it('sees a store that does not know the headers', async () => {
      proxy.fault = ({ method, headers }) =>
        method === 'PUT' && headers['if-none-match'] !== undefined
          ? { kind: 'answer', status: 501, body: '<Error><Code>NotImplemented</Code><Message>no</Message></Error>' }
          : undefined
      await expect(connect()).rejects.toThrow('it refuses conditional puts (HTTP 501)')
      const store = await connect({ lock })
      expect(await store.put('key', text('1'), { ifAbsent: true })).toMatchObject({ stored: true })
      expect(await store.put('key', text('2'), { ifAbsent: true })).toEqual({ stored: false })
    })
  })

  describe('a start with the lock', () => {
    it('tries it, so that one which cannot be had is found then', async () => {
      await using _ = await connectS3ObjectStore({ ...place.options, conditionalPuts: 'locked', lock })
      expect([lock.acquired.length, lock.released]).toEqual([1, 1])
      lock.isDown = true
      await expect(connect({ conditionalPuts: 'locked', lock })).rejects.toThrow(unavailable)
      await expect(connect({ conditionalPuts: 'locked', lock })).rejects.toThrow('the lock does not answer')
    })

    it('tries it where the store is found racy, and not where it can be trusted', async () => {
      lock.isDown = true
      await connect({ lock })
      proxy.fault = twoStepStore(place.client, place.options.bucket)
      await expect(connect({ lock })).rejects.toThrow(unavailable)
    })
  })

  describe('when the lock is lost', () => {
    const limits = { lockTtlMs: 500, lockWaitMs: 200 }
    const name = (key: string): string => `object-store/${place.options.bucket}/${key}`

    it('never calls a put stored whose lock was lost on its way', async () => {
      const store = await connect({ conditionalPuts: 'locked', lock, limits: { ...limits, lockTtlMs: 60_000 } })
      const handle = async (): Promise<boolean> => {
        lock.takeAllAway()
        return false
      }
      proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'handle', handle } : undefined)
      await expect(store.put('key', text('x'), { ifAbsent: true })).rejects.toThrow(unavailable)
      expect(proxy.happened).toHaveLength(1)
      expect(await place.allKeys()).toEqual(['key'])
      expect(lock.released).toBe(0)
    })

    it('gives a put up as soon as its lock is lost', async () => {
      const store = await connect({ conditionalPuts: 'locked', lock, limits })
      const handle = (): Promise<boolean> => {
        lock.takeAllAway()
        return new Promise(() => undefined)
      }
      proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'handle', handle } : undefined)
      const begun = performance.now()
      await expect(store.put('key', text('x'))).rejects.toThrow(/lock .* was lost/)
      expect(performance.now() - begun).toBeLessThan(5000)
      expect(lock.released).toBe(0)
    })

    it('renews it while a put takes longer', async () => {
      const store = await connect({ conditionalPuts: 'locked', lock, limits })
      const handle = async (): Promise<boolean> => {
        await delay(3 * limits.lockTtlMs)
        return false
      }
      proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'handle', handle } : undefined)
      expect(await store.put('key', text('x'), { ifAbsent: true })).toMatchObject({ stored: true })
      expect(lock.released).toBe(1)
    })

    it('leaves the lock to run out after a put whose outcome is open', async () => {
      const store = await connect({
        conditionalPuts: 'locked',
        lock,
        limits: { ...limits, lockTtlMs: 2000, maxAttempts: 1 },
      })
      proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'lose answer' } : undefined)
      await expect(store.put('key', text('x'), { ifAbsent: true })).rejects.toThrow(unavailable)
      expect(lock.isHeld(name('key'))).toBe(true)
      expect(lock.released).toBe(0)
      proxy.fault = () => undefined
      await vi.waitFor(() => expect(lock.isHeld(name('key'))).toBe(false), { timeout: 5000 })
      expect(await store.put('key', text('y'), { ifAbsent: true })).toEqual({ stored: false })
    })

    it('gives way to a later holder that has written', async () => {
      const store = await connect({ conditionalPuts: 'locked', lock, limits })
      await store.put('key', text('x'))
      const etag = (await store.head('key'))?.etag ?? ''
      // This lock has forgotten its tokens.
      const amnesiac = new MemoryFencedLock(0)
      const stale = await connect({ conditionalPuts: 'locked', lock: amnesiac, limits })
      await expect(stale.put('key', text('y'), { ifMatch: etag })).rejects.toThrow(
        'a later holder of its lock has written',
      )
      expect(asText((await store.get('key'))?.body)).toBe('x')
    })

    it('says that others hold it, or that it does not answer', async () => {
      const store = await connect({ conditionalPuts: 'locked', lock, limits })
      await lock.acquire(name('key'), { ttlMs: 60_000, waitMs: 0 })
      await expect(store.put('key', text('x'))).rejects.toThrow(unavailable)
      await expect(store.delete(['key'])).rejects.toThrow('others have held the lock')
      lock.isDown = true
      await expect(store.put('other', text('x'))).rejects.toThrow(unavailable)
      expect(await place.allKeys()).toEqual([])
    })
  })

  describe('a lost answer', () => {
    const puts = (incoming: { method?: string | undefined }): boolean => incoming.method === 'PUT'
    const loseFirst = (isMeant: (incoming: { method?: string | undefined }) => boolean): void => {
      proxy.fault = (incoming) =>
        isMeant(incoming) && proxy.happened.length === 0 ? { kind: 'lose answer' } : undefined
    }

    it('of a put-if-absent that was stored is no "stood there before"', async () => {
      const store = await connect({ conditionalPuts: 'native' })
      loseFirst(puts)
      const outcome = await store.put('key', text('mine'), { ifAbsent: true })
      expect(proxy.happened).toEqual([{ kind: 'lose answer' }])
      expect(outcome).toEqual({ stored: true, etag: (await store.head('key'))?.etag })
      expect(proxy.requests.filter((line) => line.startsWith('PUT')).length).toBe(2)
    })

    it('of a put-if-match that was stored is no "changed since"', async () => {
      const store = await connect({ conditionalPuts: 'native' })
      const first = await store.put('key', text('1'))
      loseFirst(puts)
      const etag = first.stored ? first.etag : ''
      expect(await store.put('key', text('2'), { ifMatch: etag })).toMatchObject({ stored: true })
      expect(proxy.happened).toHaveLength(1)
      expect(asText((await store.get('key'))?.body)).toBe('2')
    })

    it('of a put that did not hold is still "not stored", or unknown, never stored', async () => {
      const store = await connect({ conditionalPuts: 'native' })
      await store.put('key', text('theirs'))
      loseFirst(puts)
      await expect(store.put('key', text('mine'), { ifAbsent: true })).rejects.toThrow(/unknown: the answer was lost/)
      expect(asText((await store.get('key'))?.body)).toBe('theirs')
    })

    it('of the completion of an upload is found out as well', async () => {
      const limits = { partBytes: 5 * 1024 * 1024 }
      const store = await connect({ conditionalPuts: 'native', limits })
      const body = Buffer.alloc(6 * 1024 * 1024, 7)
      loseFirst(({ method }) => method === 'POST' && (proxy.requests.at(-1) ?? '').includes('uploadId='))
      expect(await store.put('large', body, { ifAbsent: true })).toMatchObject({ stored: true })
      expect(proxy.happened).toHaveLength(1)
      expect((await store.head('large'))?.bytes).toBe(body.byteLength)
      expect(await place.unfinishedUploads()).toEqual([])
    })
  })
})
