import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatasetManifest, DatasetRow } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  DatasetWriter,
  foldText,
  listDatasets,
  listVersions,
  pruneOrphans,
  readDatasetRows,
  readManifest,
  readRowsAfter,
  removeDataset,
  removeVersion,
} from './index.ts'

const ref = { tenant: 'acme', name: 'reviews' }
const log: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const nothingFound = {
  classes: [],
  report: {
    rowsRead: 0,
    rejectedCount: 0,
    rejected: [],
    duplicates: { count: 0, samples: [] },
    conflicts: { count: 0, samples: [] },
  },
}
const description = { format: 'csv', columns: { text: 'text' }, multiLabel: false } as const

let directory: string
let store: ObjectStore
let nowMs: number
const clock: Clock = { now: () => nowMs }

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-datasets-'))
  store = await openFilesystemObjectStore({ directory })
  nowMs = Date.now()
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function write(rows: Iterable<DatasetRow>, to = ref): Promise<DatasetManifest> {
  const writer = await DatasetWriter.begin(store, clock, to)
  for (const row of rows) await writer.add(row)
  return writer.publish({ ...description, ...nothingFound })
}
const few: DatasetRow[] = [
  { row: 1, text: 'fine\nindeed', labels: ['good'], id: 'a', language: 'en' },
  { row: 3, text: '很好 👍', labels: ['good', 'zh'] },
  { row: 4, text: '' },
]
const read = ({ tenant, name, version }: DatasetManifest): Promise<DatasetRow[]> =>
  Array.fromAsync(readDatasetRows(store, tenant, name, version))
const keys = (): Promise<string[]> => Array.fromAsync(store.list(''), ({ key }) => key)

describe('a version of a data set', () => {
  it('is read as it was written', async () => {
    const manifest = await write(few)
    expect(manifest).toMatchObject({
      ...ref,
      rows: 3,
      parts: [{ path: 'part-00000.ndjson.gz', firstRow: 1, lastRow: 4 }],
    })
    expect(await read(manifest)).toEqual(few)
    expect(await readManifest(store, manifest)).toEqual(manifest)
  })

  it('lies in parts of a bounded size, of which a page reads those that it needs', async () => {
    const text = 'x'.repeat(10_000)
    const rows = Array.from({ length: 1_000 }, (_, index) => ({ row: index + 1, text: `${text} ${index}` }))
    const manifest = await write(rows)
    expect(manifest.parts.map(({ rows }) => rows)).toEqual([419, 419, 162])
    expect(await read(manifest)).toEqual(rows)
    await store.delete([`datasets/acme/reviews/versions/${manifest.version}/part-00000.ndjson.gz`])
    const page = readRowsAfter(store, manifest, 419)
    expect((await page.next()).value).toEqual(rows[419])
    await expect(read(manifest)).rejects.toMatchObject({ code: 'RPT_DATASET_CORRUPT' })
  })

  it('has the fingerprint of its rows, whatever their numbers are', async () => {
    const one = await write(few)
    const again = await write(few.map((row, index) => ({ ...row, row: index + 1 })))
    const other = await write(few.toReversed().map((row, index) => ({ ...row, row: index + 1 })))
    expect(again.fingerprint).toBe(one.fingerprint)
    expect(other.fingerprint).not.toBe(one.fingerprint)
  })

  it('sorts behind every earlier one, also when the clock goes back', async () => {
    const versions: string[] = []
    for (const step of [0, 0, -3_600_000, 10]) {
      nowMs += step
      versions.unshift((await write(few)).version)
    }
    expect(await listVersions(store, ref)).toEqual(versions)
    expect([...(await listDatasets(store, 'acme'))]).toEqual([['reviews', versions]])
  })

  it('is not seen before its manifest, and not when it was given up', async () => {
    const writer = await DatasetWriter.begin(store, clock, ref)
    for (const row of few) await writer.add({ ...row, text: 'x'.repeat(5_000_000) })
    expect((await keys()).length).toBe(3)
    expect(await listVersions(store, ref)).toEqual([])
    await writer.abandon()
    expect(await keys()).toEqual([])
  })

  it('is refused when it is not what the manifest says', async () => {
    const manifest = await write(few)
    const folder = `datasets/acme/reviews/versions/${manifest.version}`
    const part = `${folder}/part-00000.ndjson.gz`
    const body = Buffer.from((await store.get(part))?.body ?? [])
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
    await store.put(part, body)
    await expect(read(manifest)).rejects.toMatchObject({ code: 'RPT_DATASET_CORRUPT', canRetry: false })
    await store.put(`${folder}/manifest.json`, Buffer.from(JSON.stringify({ ...manifest, name: 'other' })))
    await expect(read(manifest)).rejects.toThrow('names acme/other@')
    await store.put(`${folder}/manifest.json`, Buffer.from('{'))
    await expect(read(manifest)).rejects.toThrow('is not JSON')
    await expect(readManifest(store, { ...ref, version: 'none' })).rejects.toMatchObject({
      code: 'RPT_DATASET_NOT_FOUND',
    })
    await expect(readManifest(store, { ...ref, version: '../x' })).rejects.toMatchObject({ code: 'RPT_DATASET_NAME' })
  })
})

describe('removal', () => {
  it('takes a version, or all of a data set, and nothing else', async () => {
    const [one, two] = [await write(few), await write(few)]
    const other = await write(few, { tenant: 'acme', name: 'reviews-2' })
    expect(await removeVersion(store, one)).toBe(true)
    expect(await removeVersion(store, one)).toBe(false)
    expect(await listVersions(store, ref)).toEqual([two.version])
    expect(await removeDataset(store, ref)).toBe(1)
    expect(await removeDataset(store, ref)).toBe(0)
    expect(await read(other)).toEqual(few)
    expect((await keys()).every((key) => key.includes('/reviews-2/'))).toBe(true)
  })

  it('ends a reading with the reason', async () => {
    const manifest = await write(few)
    const rows = readRowsAfter(store, manifest, 0)
    await removeVersion(store, manifest)
    await expect(rows.next()).rejects.toMatchObject({ code: 'RPT_DATASET_NOT_FOUND' })
  })

  it('prunes what cut-off uploads have left, when it is a day old', async () => {
    const kept = await write(few)
    const cut = await DatasetWriter.begin(store, clock, { tenant: 'acme', name: 'tickets' })
    await cut.add({ row: 1, text: 'x'.repeat(5_000_000) })
    expect(await pruneOrphans(store, 'acme', { clock, log })).toEqual([])
    nowMs += 24 * 60 * 60 * 1000 + 1_000
    expect(await pruneOrphans(store, 'other', { clock, log })).toEqual([])
    expect(await pruneOrphans(store, 'acme', { clock, log })).toEqual([`acme/tickets@${cut.ref.version}`])
    expect(await read(kept)).toEqual(few)
    expect((await keys()).some((key) => key.includes('tickets'))).toBe(false)
  })
})

describe('foldText', () => {
  it.each([
    ['  ａｂｃ\u3000１２３ \n', 'abc 123'],
    ['ﬁne', 'fine'],
    ['e\u0301', 'é'],
    ['\u00a0\t', ''],
    ['Case Counts', 'Case Counts'],
  ])('%j becomes %j', (text, folded) => {
    expect(foldText(text)).toBe(folded)
  })
})
