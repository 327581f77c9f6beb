import type { RecommendationResponse } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { teaAndCoffee, trainKnnBundle } from '../domain/testing.ts'
import { TestShop } from '../testing.ts'

let shop: TestShop
beforeEach(async () => {
  shop = await TestShop.open()
})
afterEach(() => shop[Symbol.asyncDispose]())

const serveModel = async (): Promise<void> =>
  shop.models.serve('shop', 'v1', await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users))
const read = async (path: string): Promise<RecommendationResponse> => {
  const response = await shop.request('GET', `/v1/recommendations/${path}`)
  expect(response.statusCode).toBe(200)
  return response.json()
}
const idsOf = ({ items }: RecommendationResponse): string[] => items.map(({ id }) => id)

describe('GET /v1/recommendations/items/{id}/similar', () => {
  it('gives neighbours with a reason', async () => {
    await serveModel()
    const answer = await read('items/beans/similar?kind=alsoBought&count=1')
    expect(answer).toMatchObject({ strategy: 'alsoBought', model: 'v1' })
    expect(answer.items[0]).toMatchObject({
      id: 'press',
      reasons: [{ itemId: 'beans', text: { en: 'People who bought “beans” also bought this' } }],
    })
  })

  it('keeps to a category', async () => {
    await serveModel()
    for (const id of teaAndCoffee.itemIds) await shop.put(id, { categories: [id === 'mill' ? 'Tools' : 'Rest'] })
    await vi.waitFor(async () => expect(idsOf(await read('items/beans/similar?category=Tools'))).toEqual(['mill']))
  })

  it('knows what goes with an item that is sold out and new to the model', async () => {
    await serveModel()
    await shop.put('green', { title: 'Green tea' })
    await shop.put('sencha', { title: 'Green tea from Japan', available: false })
    await shop.catalogueHas('sencha')
    expect(idsOf(await read('items/sencha/similar?count=1'))).toEqual(['green'])
  })

  it('does not know an item that nothing has spoken of', async () => {
    await serveModel()
    const response = await shop.request('GET', '/v1/recommendations/items/ghost/similar')
    expect(response.statusCode).toBe(404)
  })
})

describe('GET /v1/recommendations/popular and /trending', () => {
  const act = async (itemId: string, times: number, atMs: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      await shop.act({ userId: `u${time}` }, 'Product Viewed', itemId, atMs - time)
    }
  }

  it('are relative to the newest event, however old the history is', async () => {
    const newestMs = Date.UTC(2011, 11, 9, 12, 30)
    for (let day = 1; day <= 7; day += 1) await act('bestseller', 6, newestMs - day * 86_400_000 - 13 * 3_600_000)
    await act('bestseller', 6, newestMs)
    await act('riser', 5, newestMs)
    await vi.waitFor(async () => {
      expect(idsOf(await read('popular'))).toEqual(['bestseller', 'riser'])
      const trending = await read('trending')
      expect(trending.strategy).toBe('trending')
      expect(trending.items[0]).toMatchObject({ id: 'riser', source: 'trending' })
    })
  })

  it('follow new events and a category', async () => {
    await shop.put('tea', { categories: ['Tea'] })
    await shop.put('mill', { categories: ['Coffee'] })
    await act('tea', 2, Date.now() - 1000)
    await vi.waitFor(async () => expect(idsOf(await read('popular'))[0]).toBe('tea'))
    await act('mill', 3, Date.now())
    await vi.waitFor(async () => expect(idsOf(await read('popular'))).toEqual(['mill', 'tea']))
    expect(idsOf(await read('popular?category=Tea'))).toEqual(['tea'])
    expect(idsOf(await read('trending?category=Tea'))).toEqual(['tea'])
  })

  it('count events that come after a newer one', async () => {
    const newestMs = Date.UTC(2026, 0, 15, 12, 30)
    await act('tea', 2, newestMs)
    await vi.waitFor(async () => expect(idsOf(await read('popular'))).toEqual(['tea']))
    await act('mill', 3, newestMs - 60_000)
    await vi.waitFor(async () => expect(idsOf(await read('popular'))).toEqual(['mill', 'tea']))
  })

  it('forget what was counted when the state is gone', async () => {
    await act('old', 3, Date.now())
    await vi.waitFor(async () => expect(idsOf(await read('popular'))).toEqual(['old']))
    await shop.platform.drivers.onlineStore.clearState('shop')
    await vi.waitFor(async () => expect(idsOf(await read('popular'))).toEqual([]))
  })

  it('belong to one tenant: a later one of the same name does not wait for the next look', async () => {
    await using rarely = await TestShop.open({ config: { trendIntervalMs: 600_000 } })
    const popular = async (): Promise<string[]> =>
      idsOf((await rarely.request('GET', '/v1/recommendations/popular')).json())
    await rarely.act({ userId: 'u1' }, 'Product Viewed', 'old')
    expect(await popular()).toEqual(['old'])
    await rarely.platform.drivers.onlineStore.clearState('shop')
    expect(await popular()).toEqual(['old'])
    await rarely.platform.issueKey('shop', ['recommend'])
    await vi.waitFor(async () => expect(await popular()).toEqual([]))
  })
})
