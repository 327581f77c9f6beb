import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Change, OnlineStore } from '../online-store.ts'
import { deliveryOf, messagesOf, toCalls } from './arbitraries.ts'
import { newTenant, userOf, type OnlineStoreHarness, type OpenHarness } from './harness.ts'
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
  })
}
