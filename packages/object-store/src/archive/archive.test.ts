import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFilesystemObjectStore } from '../drivers/filesystem/index.ts'
import type { ObjectStore } from '../object-store.ts'
import { archiveFileName, readArchiveFileName } from './archive-file.ts'
import { toArchiveLine } from './archive-line.ts'
import { readArchive, readArchiveFiles } from './read-archive.ts'

let directory: string
let store: ObjectStore
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-archive-'))
  store = await openFilesystemObjectStore({ directory })
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const place = { tenant: 'shop', topic: 'rapport.events.v1', partition: 0 }

const line = (offset: number, value: unknown = { n: offset }): string =>
  toArchiveLine({
    offset,
    appendedAtMs: offset * 1000,
    key: `shop/u:${offset}`,
    value: Buffer.from(JSON.stringify(value)),
  })

async function putFile(first: number, last: number, partition = 0): Promise<void> {
  const offsets = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const text = offsets.map((offset) => line(offset)).join('')
  await store.put(archiveFileName({ ...place, partition, first, last }), gzipSync(text), { ifAbsent: true })
}

async function offsetsRead(from?: ReadonlyMap<number, number>): Promise<string[]> {
  const read = readArchive(store, place.tenant, place.topic, from === undefined ? {} : { from })
  return (await Array.fromAsync(read)).map(({ partition, offset }) => `${partition}:${offset}`)
}

describe('the names of archive files', () => {
  it('sort by offset and can be read back', () => {
    const file = { ...place, partition: 11, first: 7, last: 1_000_000 }
    const name = archiveFileName(file)
    expect(name).toBe('archive/shop/rapport.events.v1/11/0000000000000007-0000000001000000.ndjson.gz')
    expect(readArchiveFileName('shop', place.topic, name)).toEqual(file)
    expect(readArchiveFileName('shop', place.topic, name.replace('.gz', '.tmp'))).toBeUndefined()
  })
})

describe('archive lines', () => {
  const record = { offset: 3, appendedAtMs: 0, key: 'shop/u:"x"', value: null }
  it('keep a value as it was written, on one line', () => {
    const value = Buffer.from('{"a": 1.10,\n "b": "汉"}')
    expect(toArchiveLine({ ...record, value })).toBe(
      '{"offset":3,"appendedAt":"1970-01-01T00:00:00.000Z","key":"shop/u:\\"x\\"","value":{"a":1.1,"b":"汉"}}\n',
    )
    expect(toArchiveLine({ ...record, value: Buffer.from('{"a": 1.10}') })).toContain('"value":{"a": 1.10}}')
  })
  it('keep tombstones, and bytes that are no JSON', () => {
    expect(JSON.parse(toArchiveLine(record))).toMatchObject({ value: null })
    const invalid = JSON.parse(toArchiveLine({ ...record, value: Buffer.from('{"n":') })) as { invalid: string }
    expect(Buffer.from(invalid.invalid, 'base64').toString()).toBe('{"n":')
  })
})

describe('reading the archive', () => {
  it('takes each offset once although files overlap', async () => {
    await putFile(0, 4)
    await putFile(0, 2)
    await putFile(3, 7)
    await putFile(5, 6)
    await putFile(8, 9)
    await putFile(0, 1, 10)
    expect(await offsetsRead()).toEqual([...Array.from({ length: 10 }, (_, n) => `0:${n}`), '10:0', '10:1'])
  })
  it('begins where it is told to', async () => {
    await putFile(0, 4)
    await putFile(5, 7)
    await putFile(0, 1, 1)
    expect(
      await offsetsRead(
        new Map([
          [0, 6],
          [1, 2],
        ]),
      ),
    ).toEqual(['0:6', '0:7'])
  })
  it('leaves other tenants and topics out', async () => {
    await putFile(0, 1)
    await store.put('archive/shop-2/rapport.events.v1/0/0000000000000000-0000000000000000.ndjson.gz', gzipSync(line(0)))
    await store.put('archive/shop/rapport.items.v1/0/0000000000000000-0000000000000000.ndjson.gz', gzipSync(line(0)))
    expect(await offsetsRead()).toEqual(['0:0', '0:1'])
    expect((await Array.fromAsync(readArchiveFiles(store, 'shop-2', place.topic))).length).toBe(1)
  })
  it.each([
    ['is cut off', gzipSync(line(0)).subarray(0, 20), 'is no whole gzip file'],
    ['has a line that is no JSON', gzipSync('{"offset":\n'), 'a line is no JSON'],
    ['has a line without an offset', gzipSync('{"key":"a"}\n'), 'lacks offset'],
    ['goes back', gzipSync(line(1) + line(0)), 'offset 0 does not follow 1'],
  ])('refuses a file that %s', async (_, body, reason) => {
    await store.put(archiveFileName({ ...place, first: 0, last: 1 }), body)
    await expect(offsetsRead()).rejects.toThrow(reason)
  })
})
