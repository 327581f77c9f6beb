import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openFilesystemObjectStore } from './drivers/filesystem/index.ts'
import { changeJsonRecord, type JsonRecord, readJsonRecord, toJsonBytes } from './json-record.ts'
import type { ObjectStore } from './object-store.ts'

interface Tally {
  readonly by: readonly string[]
}

const tally: JsonRecord<Tally> = {
  key: 'tallies/one.json',
  read(content) {
    if (typeof content === 'object' && content !== null && 'by' in content) return content as Tally
    throw new TypeError(`no tally: ${String(content)}`)
  },
}
const adding =
  (name: string) =>
  (standing: Tally | undefined): Tally => ({ by: [...(standing?.by ?? []), name] })

let directory: string
let store: ObjectStore
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-records-'))
  store = await openFilesystemObjectStore({ directory })
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const standing = async (): Promise<Tally | undefined> => (await readJsonRecord(store, tally))?.record

describe('changing a record', () => {
  it('makes it, changes it, and leaves it alone', async () => {
    const leaving = await changeJsonRecord(store, tally, (none) => none)
    expect(leaving).toEqual({ record: undefined, isWritten: false })
    expect(await standing()).toBeUndefined()
    expect(await changeJsonRecord(store, tally, adding('a'))).toEqual({ record: { by: ['a'] }, isWritten: true })
    expect(await changeJsonRecord(store, tally, adding('b'))).toEqual({ record: { by: ['a', 'b'] }, isWritten: true })
    const before = await readJsonRecord(store, tally)
    for (const left of [(same: Tally | undefined) => same, () => undefined]) {
      expect(await changeJsonRecord(store, tally, left)).toEqual({ record: { by: ['a', 'b'] }, isWritten: false })
    }
    expect(await readJsonRecord(store, tally)).toEqual(before)
  })

  it.each([{ by: ['first'] }, undefined])('is done again on %o when another writer was quicker', async (first) => {
    if (first !== undefined) await store.put(tally.key, toJsonBytes(first))
    let reads = 0
    const overtaken: Pick<ObjectStore, 'get' | 'put'> = {
      async get(key) {
        const found = await store.get(key)
        reads += 1
        if (reads === 1) await changeJsonRecord(store, tally, adding('quicker'))
        return found
      },
      put: (...args) => store.put(...args),
    }
    const { record } = await changeJsonRecord(overtaken, tally, adding('slower'))
    expect(reads).toBe(2)
    expect(record).toEqual({ by: [...(first?.by ?? []), 'quicker', 'slower'] })
    expect(await standing()).toEqual(record)
  })

  it('loses no update of writers that race', async () => {
    let calls = 0
    const writer = async (name: string): Promise<void> => {
      for (let count = 0; count < 10; count += 1) {
        await changeJsonRecord(store, tally, (before) => {
          calls += 1
          return adding(name)(before)
        })
      }
    }
    await Promise.all([writer('one'), writer('other')])
    expect(calls).toBeGreaterThan(20)
    const { by = [] } = (await standing()) ?? {}
    expect(by.toSorted()).toEqual([...Array<string>(10).fill('one'), ...Array<string>(10).fill('other')])
  })

  it('gives up after less than 5 s, and says that it may be tried again, when every write comes too late', async () => {
    vi.useFakeTimers({ now: 0 })
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const put = vi.fn<ObjectStore['put']>(() => Promise.resolve({ stored: false }))
    const nothing = { get: () => Promise.resolve(undefined), put }
    const changing = Promise.allSettled([changeJsonRecord(nothing, tally, adding('a'))])
    await vi.runAllTimersAsync()
    const error = { name: 'RecordContendedError', code: 'RPT_OBJECT_RECORD_CONTENDED', canRetry: true }
    expect(await changing).toMatchObject([{ status: 'rejected', reason: error }])
    expect(put).toHaveBeenCalledTimes(100)
    expect(Date.now()).toBe(2 + 4 + 8 + 16 + 32 + 94 * 50)
  })

  it('passes on what reading, changing and writing throw', async () => {
    const broken = new Error('broken')
    const fail = (): never => {
      throw broken
    }
    await expect(changeJsonRecord(store, tally, fail)).rejects.toBe(broken)
    const put = (): Promise<never> => Promise.reject(broken)
    await expect(changeJsonRecord({ get: () => Promise.resolve(undefined), put }, tally, adding('a'))).rejects.toBe(
      broken,
    )
    await store.put(tally.key, Buffer.from('[]'))
    await expect(changeJsonRecord(store, tally, adding('a'))).rejects.toThrow('no tally')
  })
})

it.each([Buffer.from('{"by":'), Buffer.from([0x22, 0xff, 0x22]), new Uint8Array()])(
  'reads what is no JSON in UTF-8 as nothing: %o',
  async (body) => {
    await store.put(tally.key, body)
    await expect(readJsonRecord(store, tally)).rejects.toThrow('no tally: undefined')
  },
)
