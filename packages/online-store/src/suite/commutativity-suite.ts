import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Change, Entry, OnlineStore } from '../online-store.ts'
import { deliveryOf, messagesOf, toCalls } from './arbitraries.ts'
import { application, BASE_MS, entry, newTenant, userOf, type OnlineStoreHarness, type OpenHarness } from './harness.ts'
import { expectedPart } from './model.ts'

const kinds: readonly (readonly Change['op'][])[] = [
  ['count'],
  ['latest'],
  ['earliest'],
  ['newest'],
  ['tally'],
  ['count', 'latest', 'earliest', 'newest', 'tally'],
]

/** State is a function of the set of changes applied, whatever way they came. */
export function describeCommutativity(open: OpenHarness): void {
  describe('state as a function of the set of changes', () => {
    let harness: OnlineStoreHarness
    let store: OnlineStore
    beforeAll(async () => {
      harness = await open()
      store = await harness.connect()
    })
    afterAll(async () => {
      await harness[Symbol.asyncDispose]()
    })

    it.each(kinds.map((ops) => [ops.join(', '), ops] as const))(
      '%s: the same in any order, any split into calls, over any partitions, with any redelivery',
      async (_, ops) => {
        const tenant = newTenant()
        let run = 0
        const scenario = messagesOf(ops).chain((messages) =>
          fc.tuple(fc.constant(messages), deliveryOf(messages.length)),
        )
        await fc.assert(
          fc.asyncProperty(scenario, async ([messages, delivery]) => {
            const entity = userOf(tenant, `user-${run++}`)
            for (const call of toCalls(messages, delivery, entity)) await store.apply(call)
            const [state] = await store.read([{ entity, parts: 'all' }])
            expect(state?.sequence).toBe(messages.length)
            const entries = messages.map((message) => ({ ...message, offset: 0 }))
            for (const op of ops) expect(state?.parts.get(`${op}/test`)).toEqual(expectedPart(entries, `${op}/test`))
          }),
          { numRuns: 60 },
        )
      },
    )

    it('keeps of a sample of counters the same ones, with exact counts, whatever their order', async () => {
      const tenant = newTenant()
      const names = Array.from({ length: 40 }, (_, index) => `count/some:${index}`)
      const sample = { prefix: 'count/some:', keep: 7 }
      const counts: ReadonlyMap<string, number>[] = []
      for (const [run, step] of [1, 17, 39].entries()) {
        const entity = userOf(tenant, `sampled-${run}`)
        const entries = Array.from({ length: 120 }, (_, offset): Entry => {
          const part = names[(offset * step) % names.length] ?? ''
          const changes = [
            { op: 'count', part, atMs: BASE_MS, amount: 1, sample } as const,
            { op: 'count', part: 'count/other', atMs: BASE_MS, amount: 1 } as const,
          ]
          return entry(offset, changes)
        })
        for (let start = 0; start < entries.length; start += 10)
          await store.apply([application(entity, entries.slice(start, start + 10))])
        const [state] = await store.read([{ entity, parts: 'all' }])
        counts.push(
          new Map([...(state?.parts ?? [])].map(([name, value]) => [name, value.op === 'count' ? value.total : 0])),
        )
      }
      const [first = new Map<string, number>()] = counts
      expect(first.size).toBe(8)
      expect(first.get('count/other')).toBe(120)
      const sampled = [...first].filter(([name]) => name !== 'count/other')
      expect(sampled.map(([, total]) => total)).toEqual(Array.from({ length: 7 }, () => 3))
      for (const other of counts) expect(other).toEqual(first)
    })
  })
}
