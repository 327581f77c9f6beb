import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Change, EntityRef, OnlineStore } from '../online-store.ts'
import {
  application,
  BASE_MS,
  DAY_MS,
  entry,
  MINUTE_MS,
  newTenant,
  readTally,
  tally,
  unchanged,
  userOf,
  usersOf,
  type OnlineStoreHarness,
  type OpenHarness,
} from './harness.ts'

export function describeReads(open: OpenHarness): void {
  describe('read, scan and clear', () => {
    let harness: OnlineStoreHarness
    let store: OnlineStore
    beforeEach(async () => {
      harness = await open()
      store = await harness.connect()
    })
    afterEach(async () => {
      await harness[Symbol.asyncDispose]()
    })

    async function scanned(tenant: string): Promise<EntityRef[]> {
      const entities: EntityRef[] = []
      for await (const { entity, state } of store.scan(tenant)) {
        expect(state.sequence).toBeGreaterThan(0)
        entities.push(entity)
      }
      return entities
    }

    it('reads many entities in one call, in order, unknown ones with sequence 0', async () => {
      const tenant = newTenant()
      const users = usersOf(tenant, 500)
      await store.apply(users.map((user, index) => application(user, [entry(index, [tally('x', index)])])))
      const asked = [userOf(tenant, 'nobody'), ...users.toReversed()]
      const states = await store.read(asked.map((entity) => ({ entity, parts: ['tally/test', 'count/none'] })))
      expect(states[0]).toEqual(unchanged)
      const fields = (index: number): ReadonlyMap<string, number> => new Map([['x', index]])
      expect(states.slice(1)).toEqual(
        users
          .map((_, index) => ({
            sequence: 1,
            parts: new Map([['tally/test', { op: 'tally', fields: fields(index) }]]),
          }))
          .toReversed(),
      )
    })

    it('answers each request of a call with what it asks for', async () => {
      const user = userOf(newTenant())
      const register: Change = { op: 'latest', part: 'latest/Größe', field: 'at', atMs: BASE_MS, value: 1 }
      const count: Change = { op: 'count', part: 'count/x', atMs: BASE_MS, amount: 2 }
      await store.apply([application(user, [entry(0, [register, count, tally('x')])])])
      const some = ['count/none', 'latest/Größe']
      const asked = [some, ['tally/test'], 'all', some, [], ['count/x', 'tally/test', 'latest/Größe']] as const
      const states = await store.read(asked.map((parts) => ({ entity: user, parts })))
      expect(states.map(({ parts }) => [...parts.keys()].sort())).toEqual([
        ['latest/Größe'],
        ['tally/test'],
        ['count/x', 'latest/Größe', 'tally/test'],
        ['latest/Größe'],
        [],
        ['count/x', 'latest/Größe', 'tally/test'],
      ])
      expect(states.map(({ sequence }) => sequence)).toEqual([1, 1, 1, 1, 1, 1])
      expect(states[2]?.parts).toEqual(states[5]?.parts)
    })

    it('keeps a large tally exact', async () => {
      const item = { tenant: newTenant(), kind: 'trend-hour', id: String(BASE_MS) }
      const expected: Record<string, number> = {}
      for (let round = 0; round < 4; round++) {
        const changes: Change[] = []
        for (let index = 0; index < 1500; index++) {
          const field = `商品-${(index * (round + 1)) % 4000}`
          expected[field] = (expected[field] ?? 0) + round + 1
          changes.push(tally(field, round + 1))
        }
        await store.apply([application(item, [entry(round, changes)])])
      }
      expect(await readTally(store, item)).toEqual(expected)
    })

    it('keeps many large parts of one entity apart', async () => {
      const user = userOf(newTenant())
      const parts = ['newest/Product Viewed', 'newest/Product Added', 'newest/Order Completed']
      for (let round = 0; round < 3; round++) {
        const changes = parts.flatMap((part, partIndex) =>
          Array.from({ length: 60 }, (_, index): Change => {
            const member = `item-${round * 60 + index}`
            return {
              op: 'newest',
              part,
              member,
              atMs: BASE_MS + round * MINUTE_MS + index,
              value: partIndex,
              keep: 100,
            }
          }),
        )
        await store.apply([application(user, [entry(round, changes)])])
      }
      const [state] = await store.read([{ entity: user, parts: 'all' }])
      expect([...(state?.parts.keys() ?? [])].sort()).toEqual(parts.toSorted())
      for (const [index, part] of parts.entries()) {
        const value = state?.parts.get(part)
        if (value?.op !== 'newest') throw new Error(`${part} is missing`)
        expect(value.members.map(({ member }) => member)).toEqual(
          Array.from({ length: 100 }, (_, rank) => `item-${179 - rank}`),
        )
        expect(value.members.every((member) => member.value === index)).toBe(true)
      }
    })

    it('takes entities, topics, parts and values of any text', async () => {
      const tenant = newTenant()
      const entity = { tenant, kind: 'user', id: '王:{%}\n😀'.repeat(60) }
      const part = 'latest/Größe 尺寸'
      const value = { title: '龙井茶', tags: ['a', null, 1.5] }
      const change: Change = { op: 'latest', part, field: 'ключ', atMs: BASE_MS, value }
      const messageId = 'сообщение'
      await store.apply([application(entity, [entry(0, [change], { messageId })], { topic: 'inbox/日本' })])
      const [state] = await store.read([{ entity, parts: 'all' }])
      const fields = new Map([['ключ', { atMs: BASE_MS, messageId, value }]])
      expect(state).toEqual({ sequence: 1, parts: new Map([[part, { op: 'latest', fields }]]) })
      expect(await scanned(tenant)).toEqual([entity])
    })

    it('shows another handle what was applied', async () => {
      const other = await harness.connect()
      const user = userOf(newTenant())
      for (let offset = 0; offset < 5; offset++) {
        await store.apply([application(user, [entry(offset, [tally('x')])])])
        expect(await readTally(other, user)).toEqual({ x: offset + 1 })
      }
    })

    it('scans every entity of one tenant once, in one order', async () => {
      const tenant = newTenant()
      const others = [`${tenant}0`, tenant.slice(0, -1)]
      const users = usersOf(tenant, 300)
      const strangers = others.map((name) => userOf(name))
      await store.apply([...users, ...strangers].map((user) => application(user, [entry(0, [tally('x')])])))
      const first = await scanned(tenant)
      expect(new Set(first.map(({ id }) => id))).toEqual(new Set(users.map(({ id }) => id)))
      expect(first).toHaveLength(300)
      expect(await scanned(tenant)).toEqual(first)
    })

    it('clears state, marks, digests and cached values of one tenant, and leaves its documents', async () => {
      const tenant = newTenant()
      const user = userOf(tenant)
      const stranger = userOf(newTenant())
      const key = { entity: user, name: 'scores' }
      const apply = (entity: EntityRef): Promise<unknown> =>
        store.apply([application(entity, [entry(7, [tally('x')])], { dedupWindowMs: DAY_MS })])
      await Promise.all([apply(user), apply(stranger)])
      await store.writeDocuments([{ entity: user, value: 'kept' }])
      await store.writeCached(key, Buffer.from('gone'), 60_000)
      await store.clearState(tenant)
      expect(await scanned(tenant)).toEqual([])
      expect(await store.read([{ entity: user, parts: 'all' }])).toEqual([unchanged])
      expect(await store.readCached([key])).toEqual([undefined])
      expect(await store.readDocuments([user])).toEqual([{ version: 1, value: 'kept' }])
      expect(await readTally(store, stranger)).toEqual({ x: 1 })
      expect(await apply(user)).toEqual([['applied']])
      expect(await readTally(store, user)).toEqual({ x: 1 })
    })
  })
}
