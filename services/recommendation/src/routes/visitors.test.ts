import { RecommendationResponseSchema, topics, type Exposure, type RecommendationResponse } from '@rapport/contracts'
import { Value } from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { teaAndCoffee, trainKnnBundle } from '../domain/testing.ts'
import { TestShop } from '../testing.ts'

let shop: TestShop
beforeEach(async () => {
  shop = await TestShop.open()
})
afterEach(() => shop[Symbol.asyncDispose]())

const serveModel = async (version = 'v1'): Promise<void> =>
  shop.models.serve('shop', version, await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users))
const idsOf = ({ items }: RecommendationResponse): string[] => items.map(({ id }) => id)
const ann = { userId: 'ann' }

describe('POST /v1/recommendations', () => {
  it('changes with what the visitor has just viewed, added and bought', async () => {
    await serveModel()
    expect((await shop.recommend({ ...ann, count: 1 })).strategy).toBe('popular')
    await shop.act(ann, 'Product Viewed', 'green')
    const afterView = await shop.recommend({ ...ann, count: 2 })
    expect(afterView.strategy).toBe('personal')
    expect(afterView.model).toBe('v1')
    expect(idsOf(afterView)).toEqual(['black', 'pot'])
    await shop.act(ann, 'Product Added', 'beans')
    expect(idsOf(await shop.recommend({ ...ann, count: 1 }))).toEqual(['press'])
    await shop.act(ann, 'Order Completed', 'press')
    const afterOrder = await shop.recommend({ ...ann, count: 6, explain: true })
    expect(idsOf(afterOrder)).not.toContain('press')
    expect(afterOrder.items[0]).toMatchObject({ id: 'mill', reasons: [{ itemId: 'press' }] })
    expect(idsOf(await shop.recommend({ ...ann, count: 6, repeats: true }))).toContain('press')
    expect(Value.Errors(RecommendationResponseSchema, afterOrder)).toEqual([])
  })

  it('answers a session without any visitor, and never with its own items', async () => {
    await serveModel()
    const answer = await shop.recommend({ itemIds: ['beans', 'press'], count: 6, explain: true })
    expect(answer.strategy).toBe('session')
    expect(answer.degraded).toBeUndefined()
    expect(idsOf(answer)[0]).toBe('mill')
    expect(idsOf(answer)).not.toContain('beans')
    expect(answer.items[0]?.reasons?.[0]?.text.en).toMatch(/^Because you are looking at “/)
  })

  it('follows an anonymous visitor', async () => {
    await serveModel()
    await shop.act({ anonymousId: 'browser-1' }, 'Product Viewed', 'mill')
    expect(idsOf(await shop.recommend({ anonymousId: 'browser-1', count: 2 }))).toEqual(['press', 'beans'])
  })

  it('says what others think of an item, and shows nobody what they were unhappy with', async () => {
    await serveModel()
    await shop.act(ann, 'Product Viewed', 'green')
    await shop.hear('bob', 'black', { sentiment: 'negative', label: 'taste', rating: 2 })
    await shop.hear('eve', 'black', { sentiment: 'negative', label: 'taste', rating: 3 })
    await shop.hear('ann', 'pot', { sentiment: 'negative', label: 'quality' })
    const { items } = await shop.recommend({ ...ann, count: 6, explain: true })
    const black = items.find(({ id }) => id === 'black')
    expect(black?.reasons?.map(({ text }) => text.en)).toEqual([
      expect.stringMatching(/^Because you viewed/),
      'Rated 2.5 on average in 2 reviews',
      '2 messages of customers are unhappy about “taste”',
    ])
    expect(items.map(({ id }) => id)).not.toContain('pot')
    // A visitor who has given it stars has said by them how it is liked.
    await shop.hear('ann', 'pot', { sentiment: 'negative', label: 'delivery', rating: 5 })
    const plain = await shop.recommend({ ...ann, count: 6 })
    expect(idsOf(plain)).toContain('pot')
    expect(plain.items.some(({ reasons }) => reasons !== undefined)).toBe(false)
  })

  it('leaves out what is excluded, unavailable, deleted or filtered', async () => {
    await serveModel()
    for (const id of teaAndCoffee.itemIds) await shop.put(id, { title: id, categories: ['Drinks'], price: 10 })
    await shop.put('pot', { title: 'pot', categories: ['Ware'], price: 30 }, { version: 2 })
    await vi.waitFor(async () => {
      const answer = await shop.recommend({ itemIds: ['green'], filter: { price: { min: 20 } } })
      expect(idsOf(answer)).toEqual(['pot'])
    })
    await shop.put('mill', {}, { version: 2, deleted: true })
    await shop.put('press', { available: false }, { version: 2 })
    await vi.waitFor(async () => {
      const answer = await shop.recommend({ itemIds: ['green'], exclude: ['black'] })
      expect(idsOf(answer).toSorted()).toEqual(['beans', 'pot'])
    })
    expect(idsOf(await shop.recommend({ itemIds: ['green'], filter: { category: 'Nothing' } }))).toEqual([])
  })

  it('reaches an item without events by its content within a second of its record, in both languages', async () => {
    await serveModel()
    for (const id of teaAndCoffee.itemIds) await shop.put(id, { title: `Thing ${id}` })
    await shop.put('green', { title: 'Green tea from Hangzhou 龙井绿茶' }, { version: 2 })
    await vi.waitFor(async () => {
      expect((await shop.recommend({ itemIds: ['green'], count: 6 })).items[0]?.properties?.title).toBe('Thing black')
    })
    await shop.act(ann, 'Product Viewed', 'green')
    const newItems = [
      ['english', 'Fine green tea'],
      ['chinese', '新茶：明前绿茶'],
    ] as const
    for (const [id, title] of newItems) {
      await shop.put(id, { title })
      await vi.waitFor(
        async () => {
          const answer = await shop.recommend({ ...ann, count: 10, explain: true })
          const found = answer.items.find((item) => item.id === id)
          expect(found).toMatchObject({ source: 'content', reasons: [{ itemId: 'green' }] })
        },
        { timeout: 1000, interval: 10 },
      )
    }
    const similar = await shop.request('GET', '/v1/recommendations/items/chinese/similar?count=1')
    expect(idsOf(similar.json())).toEqual(['green'])
  })

  it('publishes what was shown', async () => {
    await serveModel()
    const answer = await shop.recommend({
      ...ann,
      itemIds: ['green'],
      count: 2,
      scenario: 'home',
      context: { device: 'phone' },
    })
    const exposure = await vi.waitFor(async () => {
      const [found] = await readExposures()
      expect(found).toBeDefined()
      return found
    })
    expect(exposure).toMatchObject({
      recommendationId: answer.recommendationId,
      tenant: 'shop',
      userId: 'ann',
      scenario: 'home',
      context: { device: 'phone' },
      model: 'v1',
      strategy: 'session',
    })
    expect(exposure?.items.map(({ id }) => id)).toEqual(idsOf(answer))
  })

  it.each([
    ['nobody', {}],
    ['an unknown field', { userId: 'ann', limit: 3 }],
    ['a count of 0', { userId: 'ann', count: 0 }],
    ['a filter of the wrong form', { userId: 'ann', filter: { price: 3 } }],
  ])('refuses %s', async (_name, payload) => {
    const response = await shop.request('POST', '/v1/recommendations', { payload })
    expect(response.statusCode).toBe(400)
    expect(response.json<{ error: { details: unknown[] } }>().error.details).not.toEqual([])
  })
})

describe('before any model', () => {
  it('answers by counts, and before any count by the newest of the catalogue', async () => {
    await shop.put('old', { title: 'Old' }, { updatedAt: '2026-01-01T00:00:00.000Z' })
    await shop.put('new', { title: 'New' }, { updatedAt: '2026-02-01T00:00:00.000Z' })
    await vi.waitFor(async () => {
      const answer = await shop.recommend({ userId: 'stranger' })
      expect(answer).toMatchObject({ strategy: 'newest', model: null })
      expect(idsOf(answer)).toEqual(['new', 'old'])
    })
    await shop.act(ann, 'Product Viewed', 'old')
    await vi.waitFor(async () => {
      const answer = await shop.recommend({ userId: 'stranger' })
      expect(answer.strategy).toBe('popular')
      expect(idsOf(answer)).toEqual(['old', 'new'])
    })
  })
})

async function readExposures(): Promise<Exposure[]> {
  const { eventLog } = shop.platform.drivers
  const exposures: Exposure[] = []
  for (const { partition } of await eventLog.extents(topics.exposures.name)) {
    const records = await eventLog.read({ topic: topics.exposures.name, partition, offset: 0 }, 100)
    for (const { value } of records) exposures.push(JSON.parse(new TextDecoder().decode(value ?? undefined)))
  }
  return exposures
}
