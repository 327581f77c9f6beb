import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openEmbeddedOnlineStore, type EmbeddedOnlineStore } from './index.ts'
import { makeFolder, removeFolder, silent } from './temporary-folder.fixture.ts'

const MAX_CACHE_BYTES = 100_000
const entity = { tenant: 'test', kind: 'user', id: 'ada' }
const keyOf = (index: number) => ({ entity, name: `value-${index}` })
const value = (): Uint8Array => new Uint8Array(1000)

describe('the embedded cache', () => {
  let directory: string
  let store: EmbeddedOnlineStore
  let nowMs = 1_700_000_000_000
  const warn = vi.fn<(fields: object, message?: string) => void>()
  const log = { ...silent, warn }
  const reopen = async (): Promise<void> => {
    store = await openEmbeddedOnlineStore({
      directory,
      log,
      clock: { now: () => nowMs },
      maxCacheBytes: MAX_CACHE_BYTES,
    })
  }
  beforeEach(async () => {
    warn.mockClear()
    directory = await makeFolder()
    await reopen()
  })
  afterEach(async () => {
    await store[Symbol.asyncDispose]()
    await removeFolder(directory)
  })

  it('drops what expires soonest when it is full, counts it and says so once', async () => {
    for (let index = 0; index < 300; index++) await store.writeCached(keyOf(index), value(), 60_000 + index)
    const read = await store.readCached(Array.from({ length: 300 }, (_, index) => keyOf(index)))
    const kept = read.flatMap((bytes, index) => (bytes === undefined ? [] : [index]))
    expect(kept.length).toBeGreaterThan(70)
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 300 - kept.length + index))
    expect(store.stats().cache.droppedTotal).toBe(300 - kept.length)
    expect(store.cacheUsedBytes).toBeLessThanOrEqual(MAX_CACHE_BYTES)
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('makes room from expired values without calling them dropped', async () => {
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 60; index++) await store.writeCached(keyOf(round * 60 + index), value(), 1000)
      nowMs += 1000
    }
    expect(store.stats().cache.droppedTotal).toBe(0)
    expect(store.cacheUsedBytes).toBeLessThanOrEqual(MAX_CACHE_BYTES)
  })

  it('accounts for replaced values once', async () => {
    for (let index = 0; index < 500; index++) await store.writeCached(keyOf(index % 3), value(), 1000 + index)
    expect(store.stats().cache.droppedTotal).toBe(0)
    expect(store.cacheUsedBytes).toBeLessThan(5000)
  })

  it('outlives a restart of the process', async () => {
    await store.writeCached(keyOf(1), value(), 60_000)
    await store[Symbol.asyncDispose]()
    await reopen()
    expect((await store.readCached([keyOf(1)]))[0]).toHaveLength(1000)
  })
})
