import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventLog, MissedRecords, Subscriber, Subscription } from '../event-log.ts'
import { nextOf, sequence, WAIT, type EventLogHarness, type OpenHarness } from './harness.ts'

/** What a group is told when retention is faster than it reads. */
export function describeMissedRecords(name: string, open: OpenHarness): void {
  describe(`${name}: event log: records that retention removed`, () => {
    const stream = `test.stream-${randomUUID()}.v1`
    let group: string
    let harness: EventLogHarness
    let log: EventLog
    let offsets: number[]
    let missed: MissedRecords[]

    beforeEach(async () => {
      group = `group-${randomUUID()}`
      offsets = []
      missed = []
      harness = await open([{ name: stream, partitions: 1, cleanup: 'delete', retentionMs: 3_600_000 }])
      log = await harness.connect()
    })
    afterEach(() => harness[Symbol.asyncDispose]())

    const publish = (count: number) => log.publish(sequence(stream, count))
    const committed = async (): Promise<number> => (await log.checkpoints(group, stream)).get(0)?.nextOffset ?? -1
    const gap = (fromOffset: number, toOffset: number): MissedRecords => ({
      topic: stream,
      partition: 0,
      fromOffset,
      toOffset,
    })

    function subscribe(options: Partial<Subscription> = {}): Promise<Subscriber> {
      return log.subscribe({
        group,
        topics: [stream],
        onBatch: async (batch) => {
          offsets.push(...batch.records.map(({ offset }) => offset))
          await batch.commit(nextOf(batch))
        },
        onMissed: (records) => void missed.push(records),
        ...options,
      })
    }

    async function readThrough(nextOffset: number): Promise<void> {
      await using _subscriber = await subscribe({ onBatch: (batch) => batch.commit(nextOffset) })
      await vi.waitFor(async () => expect(await committed()).toBe(nextOffset), WAIT)
    }

    test('are named once to the group that had not read them, which goes on at the oldest kept', async () => {
      await publish(10)
      await readThrough(3)
      await harness.expire()
      await publish(5)
      await using _subscriber = await subscribe()
      await vi.waitFor(() => expect(offsets).toEqual([10, 11, 12, 13, 14]), WAIT)
      await publish(1)
      await vi.waitFor(() => expect(offsets.at(-1)).toBe(15), WAIT)
      expect(missed).toEqual([gap(3, 10)])
    })

    test('are named at once when nothing has come after them', async () => {
      await publish(10)
      await readThrough(3)
      await harness.expire()
      await using _subscriber = await subscribe()
      await vi.waitFor(() => expect(missed).toEqual([gap(3, 10)]), WAIT)
      await publish(2)
      await vi.waitFor(() => expect(offsets).toEqual([10, 11]), WAIT)
      expect(missed).toEqual([gap(3, 10)])
    })

    test('are named each time that a consumer falls behind', async () => {
      await publish(10)
      await using subscriber = await subscribe()
      for (const end of [10, 20]) {
        await vi.waitFor(async () => expect(await committed()).toBe(end), WAIT)
        await subscriber.pause()
        await publish(4)
        await harness.expire()
        await publish(6)
        subscriber.resume()
      }
      await vi.waitFor(async () => expect(await committed()).toBe(30), WAIT)
      expect(missed).toEqual([gap(10, 14), gap(20, 24)])
    })

    test('are not missed by a group that had read them, nor by one that is new', async () => {
      await publish(10)
      await readThrough(10)
      await harness.expire()
      await publish(5)
      for (const options of [{ rewindMs: 60_000 }, { group: `${group}-new` }]) {
        offsets = []
        await using _subscriber = await subscribe(options)
        await vi.waitFor(() => expect(offsets).toEqual([10, 11, 12, 13, 14]), WAIT)
      }
      expect(missed).toEqual([])
    })
  })
}
