import { itemKey, recommenderModelName, topics } from '@rapport/contracts'
import {
  createSelfCheck,
  encodeBundle,
  trainIals,
  type RecommenderBundle,
  type RecommenderSelfCheck,
} from '@rapport/ml'
import { createModelStore, type ModelStore } from '@rapport/model-store'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { interactionsOf, teaAndCoffee, trainKnnBundle } from './domain/testing.ts'
import { createRecommendationService } from './service.ts'
import { TestShop } from './testing.ts'

let shop: TestShop
let store: ModelStore
beforeEach(async () => {
  shop = await TestShop.open({ create: createRecommendationService })
  const { eventLog, objectStore } = shop.platform.drivers
  store = createModelStore(objectStore, {
    log: shop.platform.dependencies.log,
    announce: async (change) => {
      const value = new TextEncoder().encode(JSON.stringify(change))
      await eventLog.publish([
        { topic: topics.models.name, key: `${change.tenant}/${change.name}/${change.alias}`, value },
      ])
    },
  })
})
afterEach(() => shop[Symbol.asyncDispose]())

const selfCheckOf = (bundle: RecommenderBundle): RecommenderSelfCheck =>
  createSelfCheck(bundle, { items: Int32Array.of(0), weights: Float32Array.of(1), length: 1 })
const publish = async (version: string, bundle: RecommenderBundle, selfCheck = selfCheckOf(bundle)): Promise<void> => {
  await store.publish({
    tenant: 'shop',
    name: recommenderModelName,
    version,
    task: 'recommendation',
    algorithm: bundle.scorer.algorithm,
    framework: 'rapport',
    inputSchema: {},
    data: { rows: 1, fingerprint: 'test' },
    parameters: {},
    metrics: {},
    codeRevision: 'test',
    files: encodeBundle(bundle),
    selfCheck,
  })
  await store.promote({ tenant: 'shop', name: recommenderModelName, alias: 'champion' }, version)
}
const trainFactors = async (): Promise<RecommenderBundle> => {
  const { itemIds, users } = teaAndCoffee
  const parameters = { factors: 4, epochs: 8, alpha0: 0.1, regularization: 0.05, seed: 3 }
  const { model } = await trainIals(interactionsOf(itemIds, users), parameters)
  return { ...(await trainKnnBundle(itemIds, users)), scorer: model }
}
const session = { itemIds: ['green'], count: 2 }

describe('createRecommendationService', () => {
  it('serves the champion, swaps to the next one, and refuses one that is not what it says', async () => {
    expect((await shop.recommend(session)).model).toBeNull()
    const factors = await trainFactors()
    await publish('v1', factors)
    await vi.waitFor(async () => expect((await shop.recommend(session)).model).toBe('v1'))
    const answer = await shop.recommend({ ...session, explain: true })
    expect(answer.items.map(({ id }) => id).toSorted()).toEqual(['black', 'pot'])
    expect(answer.items[0]?.reasons?.[0]?.contribution).toBeCloseTo(answer.items[0]?.score ?? 0, 4)
    const knn = await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users)
    await publish('v2', knn)
    await vi.waitFor(async () => expect((await shop.recommend(session)).model).toBe('v2'))
    // The scores expected of v3 are those of another model.
    await publish('v3', knn, selfCheckOf(factors))
    const metrics = shop.platform.dependencies.metrics
    await vi.waitFor(async () =>
      expect(await metrics.getSingleMetricAsString('rapport_recommendation_model_refusals')).toContain(
        'reason="self-check"} 1',
      ),
    )
    expect((await shop.recommend(session)).model).toBe('v2')
    expect(await metrics.getSingleMetricAsString('rapport_recommendation_model_created_seconds')).toContain(
      'tenant="shop",version="v2"',
    )
  })

  it('counts the first score of each answer that it ranks, under what proposed the item', async () => {
    const metric = 'rapport_recommendation_top_score'
    await publish('v1', await trainFactors())
    await vi.waitFor(async () => expect((await shop.recommend(session)).model).toBe('v1'))
    const read = async (part: 'count' | 'sum'): Promise<number> => {
      const text = await shop.platform.dependencies.metrics.getSingleMetricAsString(metric)
      return Number(new RegExp(`^${metric}_${part}\\{source="model"\\} (\\S+)$`, 'm').exec(text)?.[1])
    }
    const before = [await read('count'), await read('sum')] as const
    const [first] = (await shop.recommend(session)).items
    expect(first?.source).toBe('model')
    expect((await read('count')) - before[0]).toBe(1)
    expect((await read('sum')) - before[1]).toBeCloseTo(first?.score ?? 0, 4)
  })

  it('knows nothing of a removed tenant, and answers the next one of its name by its own items', async () => {
    const { eventLog, objectStore } = shop.platform.drivers
    const [model, recordOf] = [`shop/${recommenderModelName}`, (id: string) => itemKey('shop', id)]
    const ids = async (): Promise<string[]> => (await shop.recommend(session)).items.map(({ id }) => id).toSorted()
    const open = async (itemIds: readonly string[], version: string): Promise<void> => {
      for (const id of itemIds) await shop.put(id, { title: id })
      await publish(version, await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users))
      await vi.waitFor(async () => expect((await shop.recommend(session)).model).toBe(version))
      await vi.waitFor(async () => expect(await ids()).toEqual(['black', 'pot']))
    }
    await open(teaAndCoffee.itemIds, 'v1')

    const gone = teaAndCoffee.itemIds.map((id) => ({ topic: topics.items.name, key: recordOf(id), value: null }))
    await eventLog.publish(gone)
    for await (const { key } of objectStore.list(`models/${model}/`)) await objectStore.delete([key])
    await eventLog.publish([{ topic: topics.models.name, key: `${model}/champion`, value: null }])
    await vi.waitFor(async () =>
      expect(await shop.recommend({ itemIds: ['green'] })).toMatchObject({ model: null, items: [] }),
    )

    // Other numbers for the same items.
    await open(['first', ...teaAndCoffee.itemIds.toReversed()], 'v2')
  })

  it('answers every request while models are swapped', async () => {
    const knn = await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users)
    await publish('v1', knn)
    await vi.waitFor(async () => expect((await shop.recommend(session)).model).toBe('v1'))
    const seen = new Set<string | null>()
    const done = new AbortController()
    const caller = (async () => {
      while (!done.signal.aborted) {
        const answer = await shop.recommend(session)
        expect(answer.items).toHaveLength(2)
        seen.add(answer.model)
      }
    })()
    for (const version of ['v2', 'v3', 'v4']) {
      await publish(version, knn)
      await vi.waitFor(() => expect(seen.has(version)).toBe(true))
    }
    done.abort()
    await caller
    expect([...seen]).toEqual(['v1', 'v2', 'v3', 'v4'])
  })
})
