import { partitionOf } from '@rapport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventLog, LogRecord } from '../event-log.ts'
import { bytes, openTopics, PARTITIONS, sequence, text, type EventLogHarness, type OpenHarness } from './harness.ts'

/** What publishing promises, and that what was published can be read. */
export function describeReadsAndWrites(name: string, open: OpenHarness): void {
  describe(`${name}: event log: publishing and reading`, () => {
    let stream: string
    let group: string
    let harness: EventLogHarness
    let log: EventLog

    beforeEach(async () => {
      ;({ stream, group, harness, log } = await openTopics(open))
    })
    afterEach(() => harness[Symbol.asyncDispose]())

    async function readAll(from: EventLog, topic: string, limit = 1000): Promise<LogRecord[]> {
      const all: LogRecord[] = []
      for (const { partition, firstOffset } of await from.extents(topic)) {
        for (let offset = firstOffset; ; offset = (all.at(-1)?.offset ?? 0) + 1) {
          const page = await from.read({ topic, partition, offset }, limit)
          all.push(...page)
          if (page.length === 0) break
        }
      }
      return all
    }

    describe('publish', () => {
      test('gives the positions in the order of the records, and the records can be read there', async () => {
        const records = sequence(stream, 25)
        const positions = await log.publish(records)
        expect(positions).toHaveLength(25)
        for (const [index, position] of positions.entries()) {
          const [found] = await log.read(position, 1)
          expect(found).toMatchObject({ ...position, key: records[index]?.key })
          expect(text(found?.value ?? null)).toBe(String(index))
        }
      })

      test('partitions by murmur2 of the key, as every client of Kafka does', async () => {
        // Kafka's known answers: murmur2("21") = -973932308, "foobar" -790332482, "abc" 479470107; signs dropped, modulo 4.
        const known: [string, number][] = [
          ['21', 0],
          ['foobar', 2],
          ['abc', 3],
        ]
        const positions = await log.publish(known.map(([key]) => ({ topic: stream, key, value: bytes('v') })))
        expect(positions.map(({ partition }) => partition)).toEqual(known.map(([, partition]) => partition))
        const keys = ['naïve', '键', 'a/u:1', 'x'.repeat(900)]
        const more = await log.publish(keys.map((key) => ({ topic: stream, key, value: bytes('v') })))
        expect(more.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionOf(key, PARTITIONS)))
      })

      test('keeps the order of each key, also across concurrent calls of one client', async () => {
        const calls = Array.from({ length: 50 }, (_, call) =>
          log.publish([0, 1, 2].map((step) => ({ topic: stream, key: 'k', value: bytes(String(call * 3 + step)) }))),
        )
        await Promise.all(calls)
        const values = (await readAll(log, stream)).map(({ value }) => Number(text(value)))
        expect(values).toEqual(Array.from({ length: 150 }, (_, index) => index))
      })

      test('what was published is there for another client and after all clients have closed', async () => {
        await log.publish(sequence(stream, 100))
        const other = await harness.connect()
        expect(await readAll(other, stream)).toHaveLength(100)
        await other[Symbol.asyncDispose]()
        await log[Symbol.asyncDispose]()
        log = await harness.connect()
        const records = await readAll(log, stream)
        expect(records.map(({ value }) => Number(text(value))).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 100 }, (_, index) => index),
        )
      })

      test('keeps keys, bytes, headers, empty values and the append time', async () => {
        const before = Date.now() - 1000
        const value = Uint8Array.from({ length: 256 }, (_, index) => index)
        const headers = { origin: 'test', ключ: '值' }
        const [first] = await log.publish([
          { topic: stream, key: 'ключ 键', value, headers },
          { topic: stream, key: 'ключ 键', value: new Uint8Array() },
        ])
        const [full, empty] = await log.read(first ?? { topic: stream, partition: 0, offset: 0 }, 2)
        expect(full).toMatchObject({ key: 'ключ 键', headers })
        expect(Buffer.from(full?.value ?? []).equals(value)).toBe(true)
        expect(empty?.value).toHaveLength(0)
        expect(empty?.headers).toEqual({})
        expect(full?.appendedAtMs).toBeGreaterThan(before)
        expect(full?.appendedAtMs).toBeLessThan(Date.now() + 1000)
      })

      test('takes values of a few bytes and of most of a mebibyte', async () => {
        const sizes = [1, 4095, 4096, 65_536, 1_000_000]
        await log.publish(sizes.map((size) => ({ topic: stream, key: 'k', value: new Uint8Array(size).fill(7) })))
        expect((await readAll(log, stream)).map(({ value }) => value?.length)).toEqual(sizes)
      })

      test('the bytes that wait are counted until the call has ended', async () => {
        const published = log.publish([{ topic: stream, key: 'k', value: new Uint8Array(10_000) }])
        expect(log.stats().bufferedBytes).toBeGreaterThanOrEqual(10_000)
        await published
        expect(log.stats().bufferedBytes).toBe(0)
      })

      test('no records: nothing to do', async () => {
        expect(await log.publish([])).toEqual([])
      })

      test.each([
        ['unkeyed', () => ({ topic: stream, key: '', value: bytes('v') })],
        ['unknown topic', () => ({ topic: 'test.nowhere.v1', key: 'k', value: bytes('v') })],
        ['too large', () => ({ topic: stream, key: 'k', value: new Uint8Array(2 * 1024 * 1024) })],
      ])('refuses a call with one record that is %s, and writes none of it', async (reason, record) => {
        const good = { topic: stream, key: 'k', value: bytes('v') }
        await expect(log.publish([good, record()])).rejects.toMatchObject({
          name: 'PublishError',
          outcome: 'refused',
          reason,
          canRetry: false,
        })
        expect(await readAll(log, stream)).toEqual([])
      })
    })

    describe('reading', () => {
      test('extents tell the oldest and the next offset of every partition', async () => {
        expect(await log.extents(stream)).toEqual(
          [0, 1, 2, 3].map((partition) => ({ topic: stream, partition, firstOffset: 0, nextOffset: 0 })),
        )
        const positions = await log.publish(sequence(stream, 10, 1))
        const { partition } = positions[0] ?? { partition: -1 }
        expect((await log.extents(stream))[partition]).toEqual({
          topic: stream,
          partition,
          firstOffset: 0,
          nextOffset: 10,
        })
      })

      test('replays from any offset in pages and is empty at the end', async () => {
        const [first] = await log.publish(sequence(stream, 50, 1))
        const { partition } = first ?? { partition: -1 }
        const page = await log.read({ topic: stream, partition, offset: 17 }, 5)
        expect(page.map(({ offset }) => offset)).toEqual([17, 18, 19, 20, 21])
        expect(page.map(({ value }) => text(value))).toEqual(['17', '18', '19', '20', '21'])
        expect(await log.read({ topic: stream, partition, offset: 50 }, 5)).toEqual([])
        expect(await readAll(log, stream, 7)).toHaveLength(50)
      })

      test('an unknown topic is an error by name', async () => {
        await expect(log.extents('test.nowhere.v1')).rejects.toThrow('test.nowhere.v1')
        await expect(log.follow('test.nowhere.v1', () => undefined)).rejects.toThrow('test.nowhere.v1')
        await expect(
          log.subscribe({ group, topics: ['test.nowhere.v1'], onBatch: async () => undefined }),
        ).rejects.toThrow('test.nowhere.v1')
      })
    })
  })
}
