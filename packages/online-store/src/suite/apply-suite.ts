import { RapportError } from '@rapport/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OnlineStoreInputError } from '../errors.ts'
import type { Application, Change, OnlineStore } from '../online-store.ts'
import {
  application,
  BASE_MS,
  DAY_MS,
  entry,
  HOUR_MS,
  newTenant,
  readSequence,
  readTally,
  tally,
  unchanged,
  userOf,
  type OnlineStoreHarness,
  type OpenHarness,
} from './harness.ts'

export function describeApply(open: OpenHarness): void {
  describe('apply', () => {
    let harness: OnlineStoreHarness
    let store: OnlineStore
    beforeEach(async () => {
      harness = await open()
      store = await harness.connect()
    })
    afterEach(async () => {
      await harness[Symbol.asyncDispose]()
    })

    it('skips what stands at or below the mark of the topic and partition, and applies the rest', async () => {
      const user = userOf(newTenant())
      const first = [entry(3, [tally('x')]), entry(5, [tally('x')])]
      expect(await store.apply([application(user, first)])).toEqual([['applied', 'applied']])
      const second = [...first, entry(4, [tally('x')]), entry(6, [tally('x')])].sort((a, b) => a.offset - b.offset)
      expect(await store.apply([application(user, second)])).toEqual([
        ['redelivered', 'redelivered', 'redelivered', 'applied'],
      ])
      expect(await readTally(store, user)).toEqual({ x: 3 })
    })

    it('keeps a mark for each topic and each partition', async () => {
      const user = userOf(newTenant())
      const entries = [entry(0, [tally('x')])]
      const places = [
        { topic: 'one', partition: 0 },
        { topic: 'one', partition: 1 },
        { topic: 'two', partition: 0 },
      ]
      const outcomes = await store.apply(places.map((place) => application(user, entries, place)))
      expect(outcomes).toEqual([['applied'], ['applied'], ['applied']])
      expect(await readSequence(store, user)).toBe(3)
    })

    it('gives outcomes in the order of the entries for many entities in one call', async () => {
      const tenant = newTenant()
      const applications = Array.from({ length: 300 }, (_, index) =>
        application(userOf(tenant, `user-${index % 100}`), [entry(index, [tally('x', index)])]),
      )
      const outcomes = await store.apply(applications)
      expect(outcomes.flat().every((outcome) => outcome === 'applied')).toBe(true)
      expect(await readTally(store, userOf(tenant, 'user-7'))).toEqual({ x: 7 + 107 + 207 })
      const again = await store.apply(applications)
      expect(again.flat().every((outcome) => outcome === 'redelivered')).toBe(true)
    })

    it('refuses a faulty call whole, naming the field', async () => {
      const user = userOf(newTenant())
      const good = entry(0, [tally('x')])
      const faults: readonly (readonly [string, Application])[] = [
        ['applications[1].entries[0].changes[0].amount', application(user, [entry(1, [tally('x', 0.5)])])],
        ['applications[1].entries[1].offset', application(user, [entry(2, []), entry(2, [])])],
        ['applications[1].entries[0].messageId', application(user, [entry(1, [], { messageId: '' })])],
        ['applications[1].entries[0].receivedAtMs', application(user, [entry(1, [], { receivedAtMs: Number.NaN })])],
        ['applications[1].partition', application(user, [], { partition: -1 })],
        ['applications[1].dedupWindowMs', application(user, [], { dedupWindowMs: 0 })],
        [
          'applications[1].entries[0].changes[0].part',
          application(user, [entry(1, [{ op: 'tally', part: 'count/x', field: 'f', amount: 1 }])]),
        ],
      ]
      for (const [field, faulty] of faults) {
        const refusal = await store.apply([application(user, [good]), faulty]).catch((error: unknown) => error)
        expect(refusal).toBeInstanceOf(OnlineStoreInputError)
        expect(refusal).toMatchObject({ field, code: 'RPT_ONLINE_STORE_INPUT', canRetry: false })
      }
      expect(await store.read([{ entity: user, parts: 'all' }])).toEqual([unchanged])
    })

    it('asks before it writes, and no sooner than that', async () => {
      const user = userOf(newTenant())
      const lost = new RapportError('RPT_TEST_LOST', 'the right to write is lost')
      const ask = (): void => {
        throw lost
      }
      const calls = Array.from({ length: 6 }, (_, partition) =>
        application(user, [entry(0, [tally('x')], { messageId: `m${partition}` })], { partition }),
      )
      let asked = 0
      const beforeWrite = (): void => void (asked += 1)
      const outcomes = await Promise.allSettled(
        calls.map((call, index) => store.apply([call], { beforeWrite: index === 4 ? ask : beforeWrite })),
      )
      expect(outcomes.map(({ status }) => status).filter((status) => status === 'fulfilled')).toHaveLength(5)
      expect(outcomes[4]).toMatchObject({ status: 'rejected', reason: lost })
      expect(asked).toBe(5)
      expect(await readTally(store, user)).toEqual({ x: 5 })
      expect(await store.apply([calls[4] as Application])).toEqual([['applied']])
    })

    it('loses nothing when two handles apply to one entity at the same time', async () => {
      const other = await harness.connect()
      const user = userOf(newTenant())
      const count: Change = { op: 'count', part: 'count/viewed', atMs: BASE_MS, amount: 1 }
      const applyAll = async (handle: OnlineStore, partition: number): Promise<void> => {
        for (let offset = 0; offset < 40; offset++) {
          const messageId = `${partition}-${offset}`
          const changes = [tally(`partition-${partition}`), tally('both'), count]
          await handle.apply([application(user, [entry(offset, changes, { messageId })], { partition })])
        }
      }
      await Promise.all([applyAll(store, 0), applyAll(other, 1), applyAll(store, 2), applyAll(other, 3)])
      const ofPartitions = { 'partition-0': 40, 'partition-1': 40, 'partition-2': 40, 'partition-3': 40 }
      expect(await readTally(other, user)).toEqual({ ...ofPartitions, both: 160 })
      const [state] = await store.read([{ entity: user, parts: ['count/viewed'] }])
      expect(state).toMatchObject({ sequence: 160 })
      expect(state?.parts.get('count/viewed')).toMatchObject({ total: 160 })
    })

    describe('with a dedup window', () => {
      const windowed = (entries: Parameters<typeof entry>[] = [], partition = 0): Partial<Application>[] => [
        { dedupWindowMs: DAY_MS, partition, entries: entries.map((parameters) => entry(...parameters)) },
      ]
      const applyTo = async (
        user: ReturnType<typeof userOf>,
        parameters: Parameters<typeof entry>[],
        partition = 0,
      ): Promise<readonly string[]> => {
        const [overrides] = windowed(parameters, partition)
        const [outcomes] = await store.apply([application(user, [], overrides)])
        return outcomes ?? []
      }
      const same = { messageId: 'same' }

      it('calls a known message at another offset a duplicate, at the same offset a redelivery', async () => {
        const user = userOf(newTenant())
        expect(await applyTo(user, [[1, [tally('x')], same]])).toEqual(['applied'])
        expect(await applyTo(user, [[1, [tally('x')], same]])).toEqual(['redelivered'])
        expect(await applyTo(user, [[4, [tally('x')], same]])).toEqual(['duplicate'])
        expect(await applyTo(user, [[4, [tally('x')], same]])).toEqual(['duplicate'])
        expect(await applyTo(user, [[1, [tally('x')], same]], 1)).toEqual(['duplicate'])
        expect(await readTally(store, user)).toEqual({ x: 1 })
        expect(await readSequence(store, user)).toBe(1)
      })

      it('raises the mark by a duplicate', async () => {
        const user = userOf(newTenant())
        await applyTo(user, [
          [1, [tally('x')], same],
          [4, [tally('x')], same],
        ])
        expect(await applyTo(user, [[3, [tally('x')]]])).toEqual(['redelivered'])
        expect(await applyTo(user, [[5, [tally('x')]]])).toEqual(['applied'])
      })

      it('finds duplicates inside one call', async () => {
        const user = userOf(newTenant())
        const outcomes = await applyTo(user, [
          [1, [tally('x')], same],
          [2, [tally('x')]],
          [3, [tally('x')], same],
        ])
        expect(outcomes).toEqual(['applied', 'applied', 'duplicate'])
        expect(await readTally(store, user)).toEqual({ x: 2 })
      })

      it('measures the window by the newest receivedAt of the entity', async () => {
        const user = userOf(newTenant())
        await applyTo(user, [[1, [tally('x')], same]])
        await applyTo(user, [[2, [tally('x')], { receivedAtMs: BASE_MS + DAY_MS }]])
        expect(await applyTo(user, [[3, [tally('x')], { ...same, receivedAtMs: BASE_MS + DAY_MS }]])).toEqual([
          'duplicate',
        ])
        expect(await applyTo(user, [[4, [tally('x')], { receivedAtMs: BASE_MS + DAY_MS + 1 }]])).toEqual(['applied'])
        expect(await applyTo(user, [[5, [tally('x')], { ...same, receivedAtMs: BASE_MS + DAY_MS }]])).toEqual([
          'applied',
        ])
        // Applied at 1, and again at 5: whoever brings 1 again has yet to visit the other entities.
        expect(await applyTo(user, [[1, [tally('x')], same]])).toEqual(['redelivered'])
      })

      it('measures it by applications with a window alone: others come from other partitions, at any time', async () => {
        const tenant = newTenant()
        const later = application(userOf(tenant), [entry(1, [], { receivedAtMs: BASE_MS + 2 * DAY_MS })], {
          topic: 'links',
          partition: 7,
        })
        const copy: Parameters<typeof entry> = [2, [tally('x')], { ...same, receivedAtMs: BASE_MS + HOUR_MS }]
        for (const [id, isBefore] of [
          ['a', true],
          ['b', false],
        ] as const) {
          const user = userOf(tenant, id)
          await applyTo(user, [[1, [tally('x')], same]])
          if (isBefore) await store.apply([{ ...later, entity: user }])
          expect(await applyTo(user, [copy])).toEqual(['duplicate'])
          if (!isBefore) await store.apply([{ ...later, entity: user }])
          expect(await readTally(store, user)).toEqual({ x: 1 })
        }
      })

      it('knows every message of a window of many hours, and forgets what has left it', async () => {
        const user = userOf(newTenant())
        const hourly = (hour: number): Parameters<typeof entry> => [
          hour,
          [tally('x')],
          { messageId: `hour-${hour}`, receivedAtMs: BASE_MS + hour * HOUR_MS },
        ]
        for (let hour = 0; hour < 48; hour++) expect(await applyTo(user, [hourly(hour)])).toEqual(['applied'])
        const again = (hour: number): Parameters<typeof entry> => [
          100 + hour,
          [tally('x')],
          { messageId: `hour-${hour}`, receivedAtMs: BASE_MS + 47 * HOUR_MS },
        ]
        const outcomes = await applyTo(
          user,
          Array.from({ length: 48 }, (_, hour) => again(hour)),
        )
        expect(outcomes.lastIndexOf('applied')).toBe(22)
        expect(outcomes.indexOf('duplicate')).toBe(23)
      })

      it('knows every one of the many messages of a busy visitor', async () => {
        const user = userOf(newTenant())
        const message = (index: number, offset: number): Parameters<typeof entry> => [
          offset,
          [tally('x')],
          { messageId: `busy-${index}`, receivedAtMs: BASE_MS + Math.floor(index / 60) * HOUR_MS },
        ]
        for (const size of [1, 7, 30, 31, 32, 33, 100, 66]) {
          const first = (await readSequence(store, user)) ?? 0
          await applyTo(
            user,
            Array.from({ length: size }, (_, index) => message(first + index, first + index)),
          )
        }
        const again = await applyTo(
          user,
          Array.from({ length: 310 }, (_, index) => message(index, 1000 + index)),
        )
        expect(again).toEqual([
          ...Array.from({ length: 300 }, () => 'duplicate'),
          ...Array.from({ length: 10 }, () => 'applied'),
        ])
        expect(await readTally(store, user)).toEqual({ x: 310 })
      })

      it('keeps the messages of one entity from those of another', async () => {
        const tenant = newTenant()
        expect(await applyTo(userOf(tenant, 'a'), [[1, [tally('x')], same]])).toEqual(['applied'])
        expect(await applyTo(userOf(tenant, 'b'), [[2, [tally('x')], same]])).toEqual(['applied'])
      })
    })
  })
}
