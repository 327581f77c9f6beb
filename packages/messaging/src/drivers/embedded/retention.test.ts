import type { Log } from '@rapport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EmbeddedEventLog } from './index.ts'
import { openEmbeddedHarness, silent, type EmbeddedHarness } from './testing/harness.ts'
import { testTopics } from './testing/topics.ts'

const HOUR_MS = 60 * 60 * 1000
const stream = testTopics.stream.name
const table = testTopics.table.name

let harness: EmbeddedHarness
let log: EmbeddedEventLog
let nowMs: number

beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 1)
  harness = await openEmbeddedHarness(Object.values(testTopics))
  log = await harness.connect({ clock: { now: () => nowMs } })
})
afterEach(() => harness[Symbol.asyncDispose]())

const publish = (topic: string, count: number, bytes = 10) =>
  log.publish(Array.from({ length: count }, () => ({ topic, key: 'one key', value: new Uint8Array(bytes) })))

/** The extent of the one partition in use. */
const extent = async (topic: string) => {
  const used = (await log.extents(topic)).find(({ nextOffset }) => nextOffset > 0)
  return { partition: used?.partition ?? -1, firstOffset: used?.firstOffset, nextOffset: used?.nextOffset }
}

describe('retention', () => {
  test('by append time: what is older goes, offsets stay, reading goes on at the oldest kept', async () => {
    await publish(stream, 30)
    nowMs += 40_000
    await publish(stream, 20)
    expect(await log.trim()).toEqual({ records: 0, bytes: 0 })
    nowMs += 21_000
    const trimmed = await log.trim()
    expect(trimmed.records).toBe(30)
    expect(trimmed.bytes).toBeGreaterThan(30 * 10)
    const { partition, ...offsets } = await extent(stream)
    expect(offsets).toEqual({ firstOffset: 30, nextOffset: 50 })
    expect((await log.read({ topic: stream, partition, offset: 0 }, 1))[0]?.offset).toBe(30)
    nowMs += HOUR_MS
    await log.trim()
    expect(await extent(stream)).toEqual({ partition, firstOffset: 50, nextOffset: 50 })
    const [position] = await publish(stream, 1)
    expect(position?.offset).toBe(50)
  })

  test('by bytes of each partition, in steps, with a clock that stands', async () => {
    for (let call = 0; call < 150; call += 1) await publish(stream, 1, 2000)
    const { records } = await log.trim()
    expect(records).toBeGreaterThan(64)
    const { firstOffset = 0, nextOffset = 0 } = await extent(stream)
    expect(nextOffset).toBe(150)
    const kept = nextOffset - firstOffset
    expect(kept).toBe(150 - records)
    expect(kept * 2000).toBeLessThanOrEqual(testTopics.stream.retentionBytes)
    expect((kept + 1) * 2040).toBeGreaterThan(testTopics.stream.retentionBytes)
  })

  test('a group whose checkpoint has been trimmed goes on at the oldest kept, and the log says what it missed', async () => {
    const warn = vi.fn<Log['warn']>()
    await log[Symbol.asyncDispose]()
    log = await harness.connect({ clock: { now: () => nowMs }, log: { ...silent, warn } })
    await publish(stream, 10)
    const subscriber = await log.subscribe({ group: 'late', topics: [stream], onBatch: (batch) => batch.commit(3) })
    await vi.waitFor(async () => expect((await log.checkpoints('late', stream)).size).toBe(1))
    await subscriber[Symbol.asyncDispose]()
    nowMs += HOUR_MS
    await publish(stream, 5)
    await log.trim()
    const offsets: number[] = []
    await using _again = await log.subscribe({
      group: 'late',
      topics: [stream],
      onBatch: async ({ records }) => void offsets.push(...records.map(({ offset }) => offset)),
    })
    await vi.waitFor(() => expect(offsets).toEqual([10, 11, 12, 13, 14]))
    const { partition } = await extent(stream)
    expect(warn.mock.calls).toEqual([
      [{ group: 'late', topic: stream, partition, from: 3, to: 10 }, expect.stringContaining('retention has removed')],
    ])
  })

  test('append times never go back, whatever the clock does', async () => {
    await publish(stream, 1)
    nowMs -= HOUR_MS
    await publish(stream, 1)
    const { partition } = await extent(stream)
    const [first, second] = await log.read({ topic: stream, partition, offset: 0 }, 2)
    expect(second?.appendedAtMs).toBe(first?.appendedAtMs)
  })
})

describe('compaction', () => {
  const put = (key: string, value: string | null) =>
    log.publish([{ topic: table, key, value: value === null ? null : Buffer.from(value) }])
  const all = async (): Promise<string[]> => {
    const pages = await Promise.all([0, 1].map((partition) => log.read({ topic: table, partition, offset: 0 }, 1000)))
    return pages.flat().map(({ key, value }) => `${key}=${value === null ? 'gone' : Buffer.from(value).toString()}`)
  }

  test('keeps the newest record of each key, within a call and across calls, also for keys too long to index', async () => {
    const long = 'long'.repeat(400)
    await log.publish(['a', 'b', 'c'].map((value) => ({ topic: table, key: 'k', value: Buffer.from(value) })))
    for (const value of ['1', '2', '3']) await put(long, value)
    await put('other', 'x')
    expect((await all()).sort()).toEqual(['k=c', `${long}=3`, 'other=x'])
    await log[Symbol.asyncDispose]()
    log = await harness.connect({ clock: { now: () => nowMs } })
    await put('k', 'd')
    expect((await all()).sort()).toEqual(['k=d', `${long}=3`, 'other=x'])
  })

  test('a tombstone stays for a day, then goes; a key that came back is untouched', async () => {
    await put('a', '1')
    await put('b', '1')
    await put('a', null)
    await put('b', null)
    await put('b', '2')
    expect((await all()).sort()).toEqual(['a=gone', 'b=2'])
    nowMs += 24 * HOUR_MS - 1
    await log.trim()
    expect((await all()).sort()).toEqual(['a=gone', 'b=2'])
    nowMs += 2
    expect((await log.trim()).records).toBe(1)
    expect(await all()).toEqual(['b=2'])
    await put('a', '3')
    expect((await all()).sort()).toEqual(['a=3', 'b=2'])
  })
})

test('rewinding starts at the first record of the time before the checkpoint’s last', async () => {
  for (let minute = 0; minute < 20; minute += 1) {
    await publish(stream, 3)
    nowMs += 1000
  }
  const first = await log.subscribe({ group: 'r', topics: [stream], onBatch: (batch) => batch.commit(45) })
  await vi.waitFor(async () => expect((await log.checkpoints('r', stream)).size).toBe(1))
  await first[Symbol.asyncDispose]()
  const offsets: number[] = []
  // The last committed record, 44, was appended in second 14; five seconds before is second 9, which begins at 27.
  await using _rewound = await log.subscribe({
    group: 'r',
    topics: [stream],
    rewindMs: 5000,
    onBatch: async ({ records }) => void offsets.push(...records.map(({ offset }) => offset)),
  })
  await vi.waitFor(() => expect(offsets).toHaveLength(60 - 27))
  expect(offsets[0]).toBe(27)
})
