import { randomUUID } from 'node:crypto'
import { partitionOf } from '@rapport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventLog, LogRecord, RecordBatch, Subscription } from './event-log.ts'
import {
  bytes,
  nextOf,
  PARTITIONS,
  sequence,
  text,
  WAIT,
  type EventLogHarness,
  type OpenHarness,
} from './suite/harness.ts'
import { describeMissedRecords } from './suite/missed-records-suite.ts'

export type { EventLogHarness, OpenHarness } from './suite/harness.ts'

/** The contract of the event log port, for every driver: expects vitest's globals to be importable. */
export function describeEventLog(name: string, open: OpenHarness): void {
  describe(`${name}: event log`, () => {
    let stream: string
    let table: string
    let group: string
    let harness: EventLogHarness
    let log: EventLog

    beforeEach(async () => {
      const unique = randomUUID()
      stream = `test.stream-${unique}.v1`
      table = `test.table-${unique}.v1`
      group = `group-${unique}`
      harness = await open([
        { name: stream, partitions: PARTITIONS, cleanup: 'delete' },
        { name: table, partitions: PARTITIONS, cleanup: 'compact' },
      ])
      log = await harness.connect()
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

    /** A subscription that commits every batch and keeps its records. */
    function collecting(records: LogRecord[], options: Partial<Subscription> = {}): Subscription {
      const onBatch = async (batch: RecordBatch): Promise<void> => {
        records.push(...batch.records)
        await batch.commit(nextOf(batch))
      }
      return { group, topics: [stream], onBatch, ...options }
    }

    async function committedTotal(): Promise<number> {
      const checkpoints = await log.checkpoints(group, stream)
      return [...checkpoints.values()].reduce((sum, { nextOffset }) => sum + nextOffset, 0)
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

    describe('groups', () => {
      test('a group reads what was there before it and what comes after, in the order of each key', async () => {
        const records: LogRecord[] = []
        await log.publish(sequence(stream, 100))
        await using _subscriber = await log.subscribe(collecting(records))
        await vi.waitFor(() => expect(records).toHaveLength(100), WAIT)
        await log.publish(sequence(stream, 200).slice(100))
        await vi.waitFor(() => expect(records).toHaveLength(200), WAIT)
        for (let key = 0; key < 10; key += 1) {
          const values = records.filter((record) => record.key === `key-${key}`).map(({ value }) => Number(text(value)))
          expect(values).toEqual(Array.from({ length: 20 }, (_, index) => index * 10 + key))
        }
      })

      test('no batch is longer than maxRecords, and each is consecutive records of one partition', async () => {
        await log.publish(sequence(stream, 100))
        const batches: RecordBatch[] = []
        await using _subscriber = await log.subscribe({
          group,
          topics: [stream],
          maxRecords: 7,
          onBatch: async (batch) => void batches.push(batch),
        })
        const count = (): number => batches.reduce((sum, { records }) => sum + records.length, 0)
        await vi.waitFor(() => expect(count()).toBe(100), WAIT)
        for (const { records, partition, topic } of batches) {
          expect(records.length).toBeLessThanOrEqual(7)
          expect(records.every((record) => record.partition === partition && record.topic === topic)).toBe(true)
          const offsets = records.map(({ offset }) => offset)
          expect(offsets).toEqual(offsets.map((_, index) => (offsets[0] ?? 0) + index))
        }
      })

      test('batches of a consumer that keeps up come no closer together than minIntervalMs', async () => {
        const atMs: number[] = []
        let seen = 0
        const onBatch = async ({ records }: RecordBatch): Promise<void> => {
          atMs.push(performance.now())
          seen += records.length
        }
        await using _subscriber = await log.subscribe({ group, topics: [stream], minIntervalMs: 100, onBatch })
        for (const record of sequence(stream, 20, 1)) await log.publish([record])
        await vi.waitFor(() => expect(seen).toBe(20), WAIT)
        for (const [index, startMs] of atMs.slice(1).entries()) expect(startMs - (atMs[index] ?? 0)).toBeGreaterThan(90)
      })

      test('a later subscriber goes on at the checkpoint', async () => {
        const first: LogRecord[] = []
        const second: LogRecord[] = []
        await log.publish(sequence(stream, 60))
        const subscriber = await log.subscribe(collecting(first))
        await vi.waitFor(async () => expect(await committedTotal()).toBe(60), WAIT)
        await subscriber[Symbol.asyncDispose]()
        await log.publish(sequence(stream, 40))
        await log[Symbol.asyncDispose]()
        log = await harness.connect()
        await using _again = await log.subscribe(collecting(second))
        await vi.waitFor(() => expect(second).toHaveLength(40), WAIT)
        await vi.waitFor(async () => expect(await committedTotal()).toBe(100), WAIT)
      })

      test('what was not committed is handed out again', async () => {
        const seen: LogRecord[] = []
        await log.publish(sequence(stream, 10, 1))
        const careless = await log.subscribe({
          group,
          topics: [stream],
          onBatch: async (batch) => {
            seen.push(...batch.records)
            await batch.commit(4)
          },
        })
        await vi.waitFor(async () => expect(await committedTotal()).toBe(4), WAIT)
        await careless[Symbol.asyncDispose]()
        const again: LogRecord[] = []
        await using _subscriber = await log.subscribe(collecting(again))
        await vi.waitFor(() => expect(again.map(({ offset }) => offset)).toEqual([4, 5, 6, 7, 8, 9]), WAIT)
        expect(seen).toHaveLength(10)
      })

      test('checkpoints only grow and keep their metadata', async () => {
        const [first] = await log.publish(sequence(stream, 10, 1))
        const { partition } = first ?? { partition: -1 }
        const fetched: (RecordBatch['checkpoint'] | 'none')[] = []
        await using _subscriber = await log.subscribe({
          group,
          topics: [stream],
          maxRecords: 5,
          onBatch: async (batch) => {
            fetched.push(batch.checkpoint ?? 'none')
            await batch.commit(nextOf(batch))
            await batch.commit(nextOf(batch), 'attempts=1')
            await batch.commit(1, 'too low')
            expect(batch.isCurrent()).toBe(true)
          },
        })
        await vi.waitFor(() => expect(fetched).toEqual(['none', { nextOffset: 5, metadata: 'attempts=1' }]), WAIT)
        await vi.waitFor(async () => {
          const checkpoints = await log.checkpoints(group, stream)
          expect([...checkpoints]).toEqual([[partition, { nextOffset: 10, metadata: 'attempts=1' }]])
        }, WAIT)
      })

      test('a rejected batch comes again, the same, and nothing after it comes before', async () => {
        await log.publish(sequence(stream, 20, 1))
        const offsets: number[][] = []
        await using _subscriber = await log.subscribe({
          group,
          topics: [stream],
          maxRecords: 10,
          onBatch: async (batch) => {
            offsets.push(batch.records.map(({ offset }) => offset))
            if (offsets.length <= 2) throw new Error('the environment is down')
            await batch.commit(nextOf(batch))
          },
        })
        await vi.waitFor(() => expect(offsets).toHaveLength(4), WAIT)
        expect(offsets[1]).toEqual(offsets[0])
        expect(offsets[2]).toEqual(offsets[0])
        expect(offsets[3]?.[0]).toBe(10)
      })

      test('two members share the partitions; a leaver’s move over; nothing is lost, nothing committed comes twice', async () => {
        const other = await harness.connect()
        const taken = { first: [] as LogRecord[], second: [] as LogRecord[] }
        const shares = { first: 0, second: 0 }
        const options = (who: 'first' | 'second'): Partial<Subscription> => ({
          maxRecords: 5,
          onAssigned: (partitions) => void (shares[who] = partitions.length),
        })
        await using _first = await log.subscribe(collecting(taken.first, options('first')))
        const second = await other.subscribe(collecting(taken.second, options('second')))
        await vi.waitFor(() => expect(shares).toEqual({ first: 2, second: 2 }), WAIT)
        await log.publish(sequence(stream, 400))
        await vi.waitFor(() => expect(taken.first.length + taken.second.length).toBe(400), WAIT)
        expect(taken.first.length).toBeGreaterThan(0)
        expect(taken.second.length).toBeGreaterThan(0)
        expect(new Set(taken.first.map(({ partition }) => partition)).size).toBeLessThanOrEqual(2)

        const publishing = Promise.all(sequence(stream, 200).map((record) => log.publish([record])))
        await second[Symbol.asyncDispose]()
        await publishing
        await vi.waitFor(() => expect(taken.first.length + taken.second.length).toBe(600), WAIT)
        await vi.waitFor(() => expect(shares.first).toBe(4), WAIT)
        const places = [...taken.first, ...taken.second].map(({ partition, offset }) => `${partition}/${offset}`)
        expect(new Set(places).size).toBe(600)
        await vi.waitFor(async () => expect(await committedTotal()).toBe(600), WAIT)
      })

      test('a batch of a partition that has moved is not current, and cannot commit', async () => {
        const [first] = await log.publish(sequence(stream, 10, 1))
        const stale: { batch?: RecordBatch } = {}
        const subscriber = await log.subscribe({
          group,
          topics: [stream],
          onBatch: async (batch) => void (stale.batch = batch),
        })
        await vi.waitFor(() => expect(stale.batch?.isCurrent()).toBe(true), WAIT)
        await subscriber[Symbol.asyncDispose]()
        const records: LogRecord[] = []
        await using _heir = await log.subscribe(collecting(records))
        await vi.waitFor(() => expect(records).toHaveLength(10), WAIT)
        expect(stale.batch?.isCurrent()).toBe(false)
        await expect(stale.batch?.commit(10)).rejects.toThrow(`${stream}/${first?.partition}`)
      })

      test('rewindMs starts that much append time before the checkpoint, and the checkpoint stays', async () => {
        const records: LogRecord[] = []
        await log.publish(sequence(stream, 10, 1))
        const before = await log.subscribe(collecting([]))
        await vi.waitFor(async () => expect(await committedTotal()).toBe(10), WAIT)
        await before[Symbol.asyncDispose]()
        const checkpoints: unknown[] = []
        await using _subscriber = await log.subscribe({
          ...collecting(records, { rewindMs: 60_000 }),
          onBatch: async (batch) => {
            checkpoints.push(batch.checkpoint?.nextOffset)
            records.push(...batch.records)
            await batch.commit(3)
          },
        })
        await vi.waitFor(
          () => expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
          WAIT,
        )
        expect(checkpoints).toEqual([10])
        expect(await committedTotal()).toBe(10)
      })

      test('while paused nothing is handed out; seek moves the group back and forth', async () => {
        const records: LogRecord[] = []
        const [first] = await log.publish(sequence(stream, 10, 1))
        const at = (offset: number) => ({ topic: stream, partition: first?.partition ?? -1, offset })
        await using subscriber = await log.subscribe(collecting(records))
        await vi.waitFor(async () => expect(await committedTotal()).toBe(10), WAIT)
        await expect(subscriber.seek([at(0)])).rejects.toMatchObject({ code: 'RPT_EVENT_LOG_NOT_PAUSED' })

        await subscriber.pause()
        await log.publish(sequence(stream, 5, 1))
        await subscriber.seek([at(7)])
        expect(records).toHaveLength(10)
        expect((await log.checkpoints(group, stream)).get(at(0).partition)?.nextOffset).toBe(7)
        subscriber.resume()
        await vi.waitFor(() => expect(records).toHaveLength(18), WAIT)
        expect(records.slice(10).map(({ offset }) => offset)).toEqual([7, 8, 9, 10, 11, 12, 13, 14])

        await subscriber.pause()
        await subscriber.seek([at(14)])
        subscriber.resume()
        await vi.waitFor(() => expect(records.slice(18).map(({ offset }) => offset)).toEqual([14]), WAIT)
        await vi.waitFor(async () => expect(await committedTotal()).toBe(15), WAIT)
      })

      test('pause waits for the batch in flight', async () => {
        const gate = Promise.withResolvers<void>()
        let started = false
        await using subscriber = await log.subscribe({
          group,
          topics: [stream],
          onBatch: async (batch) => {
            started = true
            await gate.promise
            await batch.commit(nextOf(batch))
          },
        })
        await log.publish(sequence(stream, 1))
        await vi.waitFor(() => expect(started).toBe(true), WAIT)
        let paused = false
        const pausing = subscriber.pause().then(() => void (paused = true))
        await log.extents(stream)
        expect(paused).toBe(false)
        gate.resolve()
        await pausing
        expect(await committedTotal()).toBe(1)
      })

      test('groups do not see each other', async () => {
        const one: LogRecord[] = []
        const two: LogRecord[] = []
        await using _one = await log.subscribe(collecting(one))
        await using _two = await log.subscribe(collecting(two, { group: `${group}-two` }))
        await log.publish(sequence(stream, 30))
        await vi.waitFor(() => expect([one.length, two.length]).toEqual([30, 30]), WAIT)
      })
    })

    describe('broadcast', () => {
      const apply = (state: Map<string, string>) => (records: readonly LogRecord[]) => {
        for (const { key, value } of records) {
          if (value === null) state.delete(key)
          else state.set(key, text(value) ?? '')
        }
      }

      test('every follower gets the newest state of each key, then what comes', async () => {
        await log.publish(sequence(table, 100))
        await log.publish([{ topic: table, key: 'key-3', value: null }])
        const other = await harness.connect()
        const states = [new Map<string, string>(), new Map<string, string>()] as const
        await using one = await log.follow(table, apply(states[0]))
        await using two = await other.follow(table, apply(states[1]))
        await Promise.all([one.caughtUp, two.caughtUp])
        const expected = new Map(sequence(table, 100).map(({ key, value }) => [key, text(value)]))
        expected.delete('key-3')
        expect(states[0]).toEqual(expected)
        expect(states[1]).toEqual(expected)

        await log.publish([
          { topic: table, key: 'key-0', value: null },
          { topic: table, key: 'new', value: bytes('n') },
        ])
        await vi.waitFor(() => {
          for (const state of states) expect([state.has('key-0'), state.get('new')]).toEqual([false, 'n'])
        }, WAIT)
      })

      test('a follower of an empty topic is caught up at once', async () => {
        await using follower = await log.follow(table, () => undefined)
        await expect(follower.caughtUp).resolves.toBeUndefined()
      })

      test('hands over one call at a time, and again what was rejected', async () => {
        await log.publish(sequence(table, 40, 40))
        let inside = 0
        let most = 0
        let failures = 2
        const seen = new Set<string>()
        await using follower = await log.follow(table, async (records) => {
          inside += 1
          most = Math.max(most, inside)
          await log.extents(table)
          inside -= 1
          failures -= 1
          if (failures >= 0) throw new Error('not yet')
          for (const { key } of records) seen.add(key)
        })
        await follower.caughtUp
        expect(seen.size).toBe(40)
        expect(most).toBe(1)
      })
    })
  })
  describeMissedRecords(name, open)
}
