import type { Change } from '@rapport/online-store'
import type { Event } from '@rapport/contracts'
import { describe, expect, it } from 'vitest'
import { anEvent, noonMs, type EventFields } from '../testing/events.ts'
import { toEffects, type Effects } from './to-effects.ts'

const effectsOf = (fields: EventFields): Effects => {
  const event: Event = anEvent(fields)
  return toEffects({ event, atMs: noonMs, receivedAtMs: noonMs })
}

/** `part` or `part field`, with the amount of counters. */
const nameOf = (change: Change): string => {
  if (change.op === 'count') return `${change.part} +${change.amount}`
  return `${change.part} ${change.op === 'newest' ? change.member : change.field}`
}
const changesOf = ({ visitor }: Effects): string[] => visitor.changes.map(nameOf)
const others = ({ others: effects }: Effects): string[] =>
  effects.map(({ entity, changes }) => `${entity.kind} ${entity.id}: ${changes.map(nameOf).join(', ')}`)

describe('the effects of an event', () => {
  it('of a view are on the visitor, the item and both trends', () => {
    const effects = effectsOf({ items: ['i7'] })
    expect(effects.visitor.entity).toEqual({ tenant: 'shop', kind: 'user', id: 'u1' })
    expect(changesOf(effects)).toEqual([
      'count/Product Viewed +1',
      'latest/seen Product Viewed',
      'earliest/seen at',
      'newest/Product Viewed i7',
    ])
    expect(others(effects)).toEqual([
      'item i7: count/Product Viewed +1, latest/seen Product Viewed, earliest/seen at',
      `trend-hour ${noonMs}: tally/Product Viewed i7`,
      `trend-day ${noonMs - 12 * 3600_000}: tally/Product Viewed i7`,
    ])
    expect(effects.linked).toBeUndefined()
  })

  it('of an anonymous visitor are on the anonymous entity', () => {
    expect(effectsOf({ anonymousId: 'a1' }).visitor.entity).toEqual({ tenant: 'shop', kind: 'anonymous', id: 'a1' })
  })

  it('of an order are orders, revenue, units and lines, each item once', () => {
    const products = [
      { product_id: 'i1', price: 19.99, quantity: 2 },
      { sku: 'i2', price: '5' },
      { product_id: 'i1', price: 1, quantity: 1 },
      { name: 'no id' },
      null,
    ]
    const effects = effectsOf({ event: 'Order Completed', properties: { products, currency: 'eur', total: 60 } })
    expect(changesOf(effects)).toContain('count/orders +1')
    expect(changesOf(effects)).toContain('count/revenue:EUR +6000')
    expect(others(effects).slice(0, 2)).toEqual([
      'item i1: count/Order Completed +1, latest/seen Order Completed, earliest/seen at, count/units +3, count/revenue:EUR +4098',
      'item i2: count/Order Completed +1, latest/seen Order Completed, earliest/seen at, count/units +1, count/revenue:EUR +500',
    ])
    const newest = effects.visitor.changes.filter(({ op }) => op === 'newest')
    expect(newest).toMatchObject([
      { member: 'i1', keep: 1000 },
      { member: 'i2', keep: 1000 },
    ])
  })

  it.each([
    ['revenue goes before total', { revenue: 10, total: 12, currency: 'USD' }, 'count/revenue:USD +1000'],
    ['dollars when nothing is said', { total: '12.345' }, 'count/revenue:USD +1235'],
    ['yen have no decimals', { total: 1200, currency: 'JPY' }, 'count/revenue:JPY +1200'],
    ['dinars have three', { total: 1.5, currency: 'KWD' }, 'count/revenue:KWD +1500'],
    ['what is no currency is one counter', { total: 1, currency: 'Taler' }, 'count/revenue:XXX +100'],
    [
      'the lines when there is no total',
      { products: [{ product_id: 'i', price: 2.5, quantity: 4 }] },
      'count/revenue:USD +1000',
    ],
    [
      'an absurd total counts as none',
      { total: 1e300, products: [{ product_id: 'i', price: 1 }] },
      'count/revenue:USD +100',
    ],
  ])('money: %s', (_, properties, expected) => {
    expect(changesOf(effectsOf({ event: 'Order Completed', properties }))).toContain(expected)
  })

  it('of a refund leave revenue alone', () => {
    const changes = changesOf(effectsOf({ event: 'Order Refunded', properties: { total: 5, currency: 'EUR' } }))
    expect(changes).toContain('count/refunds:EUR +500')
    expect(changes.filter((name) => name.includes('revenue') || name.includes('orders'))).toEqual([])
  })

  it('of a bad review mark its item as disliked', () => {
    const valueOf = (rating: number): unknown =>
      effectsOf({ event: 'Product Reviewed', properties: { product_id: 'i1', rating } }).visitor.changes.find(
        (change) => change.op === 'newest',
      )?.value
    expect([1, 2, 3, 5].map(valueOf)).toEqual(['disliked', 'disliked', null, null])
  })

  it('of a custom event are counted among a bounded sample of names', () => {
    const effects = effectsOf({ event: 'orders', properties: { itemId: 42 } })
    expect(effects.visitor.changes[0]).toEqual({
      op: 'count',
      part: 'count/custom:orders',
      atMs: noonMs,
      amount: 1,
      sample: { prefix: 'count/custom:', keep: 64 },
    })
    expect(changesOf(effects)).toContain('newest/other 42')
    expect(others(effects)[1]).toContain('tally/other 42')
  })

  it('of identify are traits, without what is too large', () => {
    const traits = { plan: 'gold', gone: null, note: 'x'.repeat(2000), address: { city: 'Köln' } }
    const changes = effectsOf({ type: 'identify', traits }).visitor.changes.filter(
      ({ part }) => part === 'latest/traits',
    )
    expect(changes.map((change) => (change.op === 'latest' ? [change.field, change.value, change.keep] : []))).toEqual([
      ['plan', 'gold', 200],
      ['gone', null, 200],
      ['address', { city: 'Köln' }, 200],
    ])
  })
})

describe('identity', () => {
  it('is linked by any event with both ids, on both entities', () => {
    const effects = effectsOf({ userId: 'u1', anonymousId: 'a1' })
    expect(changesOf(effects).slice(0, 2)).toEqual(['earliest/links a1', 'latest/links a1'])
    expect(effects.linked?.entity).toEqual({ tenant: 'shop', kind: 'anonymous', id: 'a1' })
    expect(effects.linked?.changes.map(nameOf)).toEqual(['earliest/links u1', 'latest/links u1'])
  })

  it('is linked by alias', () => {
    const { linked } = effectsOf({ type: 'alias', userId: 'u1', previousId: 'a9' })
    expect(linked?.entity.id).toBe('a9')
  })

  it.each([['null'], ['undefined'], ['0'], ['Anonymous'], [' "unknown" '], ['00000000-0000-0000-0000-000000000000']])(
    'is not linked by the value %s',
    (blocked) => {
      expect(effectsOf({ userId: 'u1', anonymousId: blocked }).linked).toBeUndefined()
      expect(effectsOf({ userId: blocked, anonymousId: 'a1' }).linked).toBeUndefined()
    },
  )

  it('is unlinked by an event that is no behaviour', () => {
    const effects = effectsOf({ event: 'Identity Unlinked', userId: 'u1', properties: { anonymousId: 'a1' } })
    expect(changesOf(effects)).toEqual(['latest/unlinks a1'])
    expect(effects.linked?.changes.map(nameOf)).toEqual(['latest/unlinks u1'])
    expect(effects).toMatchObject({ others: [], isBehaviour: false })
  })
})
