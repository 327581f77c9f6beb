import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OnlineStoreInputError } from '../errors.ts'
import type { CacheKey, OnlineStore } from '../online-store.ts'
import { newTenant, userOf, type OnlineStoreHarness, type OpenHarness } from './harness.ts'

export function describeCache(open: OpenHarness): void {
  describe('cached values', () => {
    let harness: OnlineStoreHarness
    let store: OnlineStore
    let key: CacheKey
    beforeEach(async () => {
      harness = await open()
      store = await harness.connect()
      key = { entity: userOf(newTenant()), name: 'scores' }
    })
    afterEach(async () => {
      await harness[Symbol.asyncDispose]()
    })

    it('come back byte for byte, in the order asked for', async () => {
      const values = Array.from({ length: 50 }, (_, index) =>
        Uint8Array.from({ length: index * 41 }, (_, at) => at * index),
      )
      const keys = values.map((_, index) => ({ ...key, name: `名:{${index}}` }))
      await Promise.all(values.map((value, index) => store.writeCached(keys[index] ?? key, value, 60_000)))
      const read = await store.readCached([key, ...keys])
      expect(read[0]).toBeUndefined()
      expect(read.slice(1).map((value) => Array.from(value ?? []))).toEqual(values.map((value) => Array.from(value)))
    })

    it('can be replaced, also by another handle', async () => {
      const other = await harness.connect()
      await store.writeCached(key, Buffer.from('old'), 60_000)
      await other.writeCached(key, Buffer.from('newer'), 60_000)
      const [value] = await store.readCached([key])
      expect(Buffer.from(value ?? []).toString()).toBe('newer')
    })

    it('stay as they were read when others are read later', async () => {
      await store.writeCached(key, Buffer.from('first'), 60_000)
      await store.writeCached({ ...key, name: 'other' }, Buffer.from('other'), 60_000)
      const [first] = await store.readCached([key])
      await store.readCached([{ ...key, name: 'other' }])
      expect(Buffer.from(first ?? []).toString()).toBe('first')
    })

    it('expire, each at its own time', async () => {
      const long = { ...key, name: 'long' }
      await store.writeCached(key, Buffer.from('short'), 100)
      await store.writeCached(long, Buffer.from('long'), 60_000)
      harness.advanceMs?.(100)
      await vi.waitFor(async () => expect((await store.readCached([key]))[0]).toBeUndefined(), 5000)
      expect((await store.readCached([long]))[0]).toBeDefined()
    })

    it('need a time to live', async () => {
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
        await expect(store.writeCached(key, Buffer.from('x'), ttlMs)).rejects.toBeInstanceOf(OnlineStoreInputError)
      expect(await store.readCached([key])).toEqual([undefined])
    })
  })
}
