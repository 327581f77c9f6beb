import { createSelfCheck, encodeBundle, type RecommenderBundle } from '@rapport/ml'
import type { ModelManifest } from '@rapport/contracts'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { createRecommenderLoader } from '../adapters/recommender-loader.ts'
import type { ModelView } from './model-view.ts'
import { Shops } from './shops.ts'
import { itemOf, teaAndCoffee, trainKnnBundle } from './testing.ts'

const tenant = 'shop'
let shops: Shops
let dropped: string[]
let bundle: RecommenderBundle
beforeEach(async () => {
  shops = new Shops()
  dropped = []
  shops.onDrop((each) => dropped.push(each))
  bundle = await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users)
})

const manifest: ModelManifest = {
  tenant,
  name: 'recommender',
  version: 'v1',
  task: 'recommender',
  algorithm: 'item-knn',
  framework: 'test',
  inputSchema: {},
  data: { rows: 1, fingerprint: 'f' },
  parameters: {},
  metrics: {},
  createdAt: '2026-01-01T00:00:00.000Z',
  codeRevision: 'test',
  files: [],
}

describe('the tenants’ indices', () => {
  it('are dropped with the last item, deleted ones included', () => {
    const shop = shops.of(tenant)
    shop.applyItem(itemOf('green'))
    shop.applyItem({ ...itemOf('black'), deleted: true })
    shops.of('other').applyItem(itemOf('green'))
    shops.dropUnused(tenant)
    shops.forgetItem(tenant, 'green')
    expect(shops.find(tenant)).toBe(shop)
    shops.forgetItem(tenant, 'black')
    expect(shops.find(tenant)).toBeUndefined()
    expect(dropped).toEqual([tenant])
    expect(shops.of(tenant).table.size).toBe(0)
    expect(shops.of('other').table.size).toBe(1)
  })

  it('are not made for an item that is gone', () => {
    shops.forgetItem(tenant, 'green')
    expect(shops.find(tenant)).toBeUndefined()
  })

  it('stay while a model that was loaded with them is in memory', async () => {
    const loader = createRecommenderLoader(shops)
    const files = encodeBundle(bundle)
    shops.of(tenant).applyItem(itemOf('green'))
    const [old, next] = [await loader.decode(files, manifest), await loader.decode(files, manifest)]
    shops.forgetItem(tenant, 'green')
    loader.dispose?.(old)
    shops.dropUnused(tenant)
    expect(dropped).toEqual([])
    loader.dispose?.(next)
    expect(dropped).toEqual([tenant])
  })

  it('go with a model that could not be decoded or was refused', async () => {
    const loader = createRecommenderLoader(shops)
    expect(() => loader.decode(new Map(), manifest)).toThrow('bundle.json')
    shops.dropUnused(tenant)
    expect(shops.find(tenant)).toBeUndefined()
    const view = await loader.decode(encodeBundle(bundle), manifest)
    const history = { items: Int32Array.of(0), weights: Float32Array.of(1), length: 1 }
    await loader.selfCheck(view, createSelfCheck(bundle, history))
    loader.dispose?.(view)
    expect(shops.find(tenant)).toBeUndefined()
  })

  it('agree with every model in memory about the numbers of its items, whatever comes and goes', async () => {
    const id = fc.constantFrom('pot', 'new', ...teaAndCoffee.itemIds)
    const steps = fc.array(
      fc.oneof(
        fc.record({ act: fc.constantFrom('put' as const, 'forget' as const, 'delete' as const), id }),
        fc.record({ act: fc.constantFrom('load' as const, 'unload' as const, 'access' as const) }),
      ),
      { maxLength: 40 },
    )
    const files = encodeBundle(bundle)
    let drops = 0
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const given = new Shops()
        given.onDrop(() => (drops += 1))
        const loader = createRecommenderLoader(given)
        const loaded: ModelView[] = []
        for (const [version, step] of taken.entries()) {
          const item = 'id' in step ? { ...itemOf(step.id), version: version + 1 } : undefined
          if (step.act === 'put' && item !== undefined) given.of(tenant).applyItem(item)
          if (step.act === 'delete' && item !== undefined) given.of(tenant).applyItem({ ...item, deleted: true })
          if (step.act === 'forget' && item !== undefined) given.forgetItem(tenant, item.id)
          if (step.act === 'load') loaded.push(await loader.decode(files, manifest))
          if (step.act === 'access') given.dropUnused(tenant)
          const gone = step.act === 'unload' ? loaded.shift() : undefined
          if (gone !== undefined) loader.dispose?.(gone)
          const { table } = given.of(tenant)
          for (const view of loaded) {
            expect(view.bundle.itemIds.map((each) => table.indexOf(each))).toEqual([...view.tableIndices])
          }
        }
      }),
    )
    expect(drops).toBeGreaterThan(0)
  })
})
