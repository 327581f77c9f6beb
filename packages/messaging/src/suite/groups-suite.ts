import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventLog, LogRecord, RecordBatch, Subscription } from '../event-log.ts'
import {
  nextOf,
  openTopics,
  PARTITIONS,
  sequence,
  text,
  WAIT,
  type EventLogHarness,
  type OpenHarness,
} from './harness.ts'

/** Consumer groups: sharing, checkpoints, retries, rewinding. */
export function describeGroups(name: string, open: OpenHarness): void {
  describe(`${name}: event log: groups`, () => {
    let stream: string
    let group: string
    let harness: EventLogHarness
    let log: EventLog

    beforeEach(async () => {
      ;({ stream, group, harness, log } = await openTopics(open))
    })
    afterEach(() => harness[Symbol.asyncDispose]())

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
      await using first = await log.subscribe(collecting(taken.first, options('first')))
      const second = await other.subscribe(collecting(taken.second, options('second')))
      await vi.waitFor(() => expect(shares).toEqual({ first: 2, second: 2 }), WAIT)
      const held = (): number[] =>
        [first, second]
          .flatMap((member) => member.held() ?? [])
          .map(({ partition }) => partition)
          .sort((a, b) => a - b)
      await vi.waitFor(() => expect(held()).toEqual([0, 1, 2, 3]), WAIT)
      await log.publish(sequence(stream, 400))
      await vi.waitFor(() => expect(taken.first.length + taken.second.length).toBe(400), WAIT)
      expect(taken.first.length).toBeGreaterThan(0)
      expect(taken.second.length).toBeGreaterThan(0)
      expect(new Set(taken.first.map(({ partition }) => partition)).size).toBeLessThanOrEqual(2)

      const publishing = Promise.all(sequence(stream, 200).map((record) => log.publish([record])))
      await second[Symbol.asyncDispose]()
      await publishing
      await vi.waitFor(() => expect(taken.first.length + taken.second.length).toBe(600), WAIT)
      await vi.waitFor(() => expect([shares.first, first.held()?.length]).toEqual([4, 4]), WAIT)
      expect(second.held()).toEqual([])
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
      await vi.waitFor(() => expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), WAIT)
      expect(checkpoints).toEqual([10])
      expect(await committedTotal()).toBe(10)
    })

    test('rewindMs goes back by the clock as well: a backlog of longer may have been read in a moment', async () => {
      const rewindMs = 1500
      const [old] = await log.publish(sequence(stream, 1, 1))
      const appendedAtMs = async (offset: number): Promise<number> => {
        const [record] = await log.read({ topic: stream, partition: old?.partition ?? -1, offset }, 1)
        return record?.appendedAtMs ?? 0
      }
      let count = 1
      const longAfter = (await appendedAtMs(0)) + 2 * rewindMs
      await vi.waitFor(
        async () => {
          await log.publish(sequence(stream, 1, 1))
          count += 1
          expect(await appendedAtMs(count - 1)).toBeGreaterThan(longAfter)
        },
        { ...WAIT, interval: rewindMs / 4 },
      )
      const before = await log.subscribe(collecting([], { rewindMs }))
      await vi.waitFor(async () => expect(await committedTotal()).toBe(count), WAIT)
      await before[Symbol.asyncDispose]()
      const metadata = [...(await log.checkpoints(group, stream)).values()].map((checkpoint) => checkpoint.metadata)
      expect(new Set(metadata)).toEqual(new Set(['']))
      const records: LogRecord[] = []
      await using _heir = await log.subscribe(collecting(records, { rewindMs }))
      await vi.waitFor(() => expect(records.at(-1)?.offset).toBe(count - 1), WAIT)
      expect(records[0]?.offset).toBe(0)
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

    test('says how far the group is in the partitions that it holds, and in no others', async () => {
      const heldBy = (by: EventLog): number[] =>
        by.stats().lags.flatMap((lag) => (lag.group === group && lag.topic === stream ? lag.partition : []))
      const onBatch = (batch: RecordBatch): Promise<void> => batch.commit(nextOf(batch) - 1)
      expect(log.stats()).toEqual({ lags: [], bufferedBytes: 0 })
      await using _first = await log.subscribe({ group, topics: [stream], onBatch })
      const [place] = await log.publish(sequence(stream, 10, 1))
      const partition = place?.partition ?? -1
      await vi.waitFor(() => {
        const { lags } = log.stats()
        expect(lags).toHaveLength(PARTITIONS)
        expect(lags).toContainEqual({ group, topic: stream, partition, nextOffset: 9, lag: 1 })
        const others = lags.filter((lag) => lag.partition !== partition)
        expect(others.map(({ nextOffset, lag }) => [nextOffset, lag])).toEqual(others.map(() => [undefined, 0]))
      }, WAIT)

      const other = await harness.connect()
      const second = await other.subscribe({ group, topics: [stream], onBatch })
      await vi.waitFor(() => expect([heldBy(log).length, heldBy(other).length]).toEqual([2, 2]), WAIT)
      expect(new Set([...heldBy(log), ...heldBy(other)]).size).toBe(PARTITIONS)
      await second[Symbol.asyncDispose]()
      expect(heldBy(other)).toEqual([])
      await vi.waitFor(() => expect(heldBy(log)).toHaveLength(PARTITIONS), WAIT)
      await log[Symbol.asyncDispose]()
      expect(log.stats()).toEqual({ lags: [], bufferedBytes: 0 })
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
}
