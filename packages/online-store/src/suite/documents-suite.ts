import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EntityRef, OnlineStore } from '../online-store.ts'
import {
  application,
  entry,
  newTenant,
  readTally,
  tally,
  type OnlineStoreHarness,
  type OpenHarness,
} from './harness.ts'

export function describeDocuments(open: OpenHarness): void {
  describe('documents', () => {
    let harness: OnlineStoreHarness
    let store: OnlineStore
    let item: EntityRef
    beforeEach(async () => {
      harness = await open()
      store = await harness.connect()
      item = { tenant: newTenant(), kind: 'item', id: 'tea-1' }
    })
    afterEach(async () => {
      await harness[Symbol.asyncDispose]()
    })

    it('writes under compare-and-set and says which version stands', async () => {
      const write = async (value: string, ifVersion?: number): Promise<unknown> =>
        (await store.writeDocuments([{ entity: item, value, ...(ifVersion === undefined ? {} : { ifVersion }) }]))[0]
      expect(await store.readDocuments([item])).toEqual([undefined])
      expect(await write('early', 1)).toEqual({ written: false, version: 0 })
      expect(await write('first', 0)).toEqual({ written: true, version: 1 })
      expect(await write('again', 0)).toEqual({ written: false, version: 1 })
      expect(await write('second', 1)).toEqual({ written: true, version: 2 })
      expect(await write('third')).toEqual({ written: true, version: 3 })
      expect(await store.readDocuments([item])).toEqual([{ version: 3, value: 'third' }])
    })

    it('keeps JSON whole', async () => {
      const value = {
        title: 'Longjing 龙井',
        price: 12.5,
        tags: ['green', null, true],
        nested: { a: [] },
        lone: '\ud800',
      }
      await store.writeDocuments([{ entity: item, value }])
      expect(await store.readDocuments([item])).toEqual([{ version: 1, value }])
    })

    it('takes many at once, in order, each with its own outcome', async () => {
      const items = Array.from({ length: 400 }, (_, index) => ({ ...item, id: `item-${index}` }))
      await store.writeDocuments(
        items.filter((_, index) => index % 2 === 0).map((entity) => ({ entity, value: 'old' })),
      )
      const outcomes = await store.writeDocuments(items.map((entity) => ({ entity, value: 'new', ifVersion: 0 })))
      expect(outcomes).toEqual(items.map((_, index) => ({ written: index % 2 === 1, version: 1 })))
      const documents = await store.readDocuments(items)
      expect(documents).toEqual(items.map((_, index) => ({ version: 1, value: index % 2 === 0 ? 'old' : 'new' })))
    })

    it('applies writes of one call to one document in order', async () => {
      const writes = [0, 0, 1].map((ifVersion, index) => ({ entity: item, value: index, ifVersion }))
      expect(await store.writeDocuments(writes)).toEqual([
        { written: true, version: 1 },
        { written: false, version: 1 },
        { written: true, version: 2 },
      ])
      expect(await store.readDocuments([item])).toEqual([{ version: 2, value: 2 }])
    })

    it('clears the documents of one tenant, after which versions start anew, and leaves state alone', async () => {
      const near = [`${item.tenant}-2`, `${item.tenant}:x`, item.tenant.slice(0, -1)]
      const others = near.map((tenant) => ({ tenant, kind: item.kind, id: item.id }))
      const mine = Array.from({ length: 600 }, (_, index) => ({ ...item, id: `item-${index}:{%}` }))
      await store.writeDocuments([...mine, ...others, item].map((entity) => ({ entity, value: 'stands' })))
      await store.apply([application(item, [entry(0, [tally('a')])])])
      const other = await harness.connect()
      await other.clearDocuments(item.tenant)
      expect((await store.readDocuments([...mine, item])).filter((document) => document !== undefined)).toEqual([])
      expect(await store.readDocuments(others)).toEqual(others.map(() => ({ version: 1, value: 'stands' })))
      expect(await readTally(store, item)).toEqual({ a: 1 })
      expect(await store.writeDocuments([{ entity: item, value: 'new', ifVersion: 0 }])).toEqual([
        { written: true, version: 1 },
      ])
      await store.clearDocuments(item.tenant)
      await store.clearDocuments(item.tenant)
      expect(await store.readDocuments([item])).toEqual([undefined])
    })

    it('lets one of several racing writers win each version', async () => {
      const other = await harness.connect()
      const won = new Map<number, number>()
      const race = async (handle: OnlineStore, writer: number): Promise<void> => {
        for (let round = 0; round < 25;) {
          const version = (await handle.readDocuments([item]))[0]?.version ?? 0
          const [outcome] = await handle.writeDocuments([{ entity: item, value: { writer }, ifVersion: version }])
          if (outcome?.written !== true) continue
          won.set(outcome.version, (won.get(outcome.version) ?? 0) + 1)
          round++
        }
      }
      await Promise.all([race(store, 0), race(other, 1), race(store, 2), race(other, 3)])
      expect([...won].sort(([left], [right]) => left - right)).toEqual(
        Array.from({ length: 100 }, (_, index) => [index + 1, 1]),
      )
      expect((await store.readDocuments([item]))[0]?.version).toBe(100)
    })
  })
}
