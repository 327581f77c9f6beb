import { ArchiveWriter } from './archive-writer.ts'
import type { LogRecord, RecordBatch } from '@rapport/messaging'
import { readArchive } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const topic = 'rapport.events.v1'
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const limits = { flushBytes: 1024 ** 2, flushIntervalMs: 3_600_000, maxBufferedBytes: 1024 ** 2 }

const records = (from: number, until: number): LogRecord[] =>
  Array.from({ length: until - from }, (_, index) => ({
    topic,
    partition: 0,
    offset: from + index,
    key: 'shop/u:ada',
    value: Buffer.from(`{"n":${from + index}}`),
    headers: {},
    appendedAtMs: 0,
  }))

it('leaves no gap when a partition was archived by somebody else meanwhile', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rapport-archive-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true }))
  const store = stack.use(await openFilesystemObjectStore({ directory }))
  let committed = 0
  const batch = (from: number, until: number): RecordBatch => ({
    topic,
    partition: 0,
    records: records(from, until),
    checkpoint: committed === 0 ? undefined : { nextOffset: committed, metadata: '' },
    isCurrent: () => true,
    commit: async (nextOffset) => void (committed = Math.max(committed, nextOffset)),
  })
  const flush = async (writer: ArchiveWriter, nextOffset: number): Promise<void> =>
    writer.flushThrough([{ topic, partition: 0, firstOffset: 0, nextOffset }])

  const mine = stack.use(new ArchiveWriter(store, { limits, log: silent }))
  await mine.add(batch(0, 3))
  // The lease ran out; the partition was with another member, and came back before this one heard of it.
  const other = stack.use(new ArchiveWriter(store, { limits, log: silent }))
  await other.add(batch(0, 5))
  await flush(other, 5)
  await other.add(batch(5, 8))
  await flush(other, 8)
  expect(committed).toBe(8)
  await mine.add(batch(8, 10))
  await flush(mine, 10)
  expect(committed).toBe(10)
  const lines = await Array.fromAsync(readArchive(store, 'shop', topic))
  expect(lines.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})
