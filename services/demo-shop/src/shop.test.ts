import { expect, test } from 'vitest'
import { createHistory, createShop } from './history.ts'
import { affinity } from './visitors.ts'

const endMs = Date.parse('2026-03-01T00:00:00Z')

test('the same seed gives the same shop and the same history', () => {
  expect(createHistory(createShop(7), { endMs })).toEqual(createHistory(createShop(7), { endMs }))
  expect(createShop(8).products).not.toEqual(createShop(7).products)
})

test('products have titles in both languages, prices, categories and tags', () => {
  const { products } = createShop(1)
  expect(products.length).toBeGreaterThanOrEqual(300)
  for (const { item, price } of products) {
    expect(item.title).toMatch(/[a-z]+ .*[\u4e00-\u9fff]{2}/)
    expect(item.categories).toHaveLength(2)
    expect(price).toBeGreaterThan(0)
  }
  expect(new Set(products.map(({ id }) => id)).size).toBe(products.length)
})

test('a history holds every kind of behaviour, in the order of time and not after its end', () => {
  const events = createHistory(createShop(1), { endMs })
  const names = new Set(events.map(({ event }) => (event.type === 'track' ? event.event : event.type)))
  expect([...names]).toEqual(
    expect.arrayContaining([
      'identify',
      'page',
      'Product Viewed',
      'Product Added',
      'Order Completed',
      'Product Reviewed',
      'Support Ticket Created',
    ]),
  )
  expect(events.length).toBeGreaterThan(5000)
  for (const [index, { atMs }] of events.entries()) {
    expect(atMs).toBeGreaterThanOrEqual(events[index - 1]?.atMs ?? 0)
    expect(atMs).toBeLessThanOrEqual(endMs)
  }
  expect(new Set(events.map(({ event }) => event.messageId)).size).toBe(events.length)
})

test('visitors look at what they like', () => {
  const shop = createShop(3)
  const productById = new Map(shop.products.map((product) => [product.id, product]))
  const visitorById = new Map(shop.visitors.map((visitor) => [visitor.userId, visitor]))
  const viewed = createHistory(shop, { endMs }).flatMap(({ event }) => {
    if (event.type !== 'track' || event.event !== 'Product Viewed' || event.userId === undefined) return []
    const product = productById.get(String(event.properties?.['product_id']))
    const visitor = visitorById.get(event.userId)
    return product && visitor ? [affinity(visitor, product)] : []
  })
  const overall = shop.visitors.flatMap((visitor) => shop.products.map((product) => affinity(visitor, product)))
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  expect(mean(viewed)).toBeGreaterThan(3 * mean(overall))
})
