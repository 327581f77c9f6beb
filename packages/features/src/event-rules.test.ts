import type { Event } from '@rapport/contracts'
import { describe, expect, it } from 'vitest'
import { isDislike, itemIdsOf } from './event-items.ts'
import { identityOf } from './identity.ts'

const time = '2026-03-02T12:00:00.000Z'
const event = (fields: Partial<Event>): Event => ({
  messageId: 'm',
  tenant: 'shop',
  source: 'test',
  type: 'track',
  timestamp: time,
  originalTimestamp: time,
  receivedAt: time,
  version: 1,
  ...fields,
})

describe('the items of an event', () => {
  it.each([
    [undefined, []],
    [{}, []],
    [{ product_id: 'a', sku: 'b' }, ['a']],
    [{ productId: 7 }, ['7']],
    [{ sku: '' }, []],
    [{ itemId: 'x'.repeat(257) }, []],
    [{ product_id: Number.NaN, products: [{ sku: 'b' }, null, 'c', { sku: 'b' }, { itemId: 'd' }] }, ['b', 'd']],
    [{ products: { product_id: 'a' } }, []],
  ])('%j', (properties, ids) => {
    expect(itemIdsOf(properties)).toEqual(ids)
  })

  it('are 1,000 at most', () => {
    const products = Array.from({ length: 1001 }, (_, index) => ({ product_id: index }))
    expect(itemIdsOf({ products })).toHaveLength(1000)
  })
})

describe('a review', () => {
  it.each<[unknown, boolean]>([
    [1, true],
    ['2.0', true],
    [2.5, false],
    ['5', false],
    ['', false],
    ['bad', false],
    [null, false],
    [undefined, false],
  ])('with the rating %j speaks against its item: %j', (rating, expected) => {
    expect(isDislike({ event: 'Product Reviewed', properties: { product_id: 'a', rating } })).toBe(expected)
    expect(isDislike({ event: 'Product Viewed', properties: { product_id: 'a', rating } })).toBe(false)
  })
})

describe('what an event says of identity', () => {
  const link = { kind: 'link', userId: 'ada', anonymousId: 'a1' }
  it.each<[string, Partial<Event>, object | undefined]>([
    ['both ids', { userId: 'ada', anonymousId: 'a1' }, link],
    ['one id', { userId: 'ada' }, undefined],
    ['a blocked id', { userId: 'ada', anonymousId: ' "NULL" ' }, undefined],
    ['an alias', { type: 'alias', userId: 'ada', previousId: 'a1', anonymousId: 'a2' }, link],
    [
      'an unlink that names the id',
      { event: 'Identity Unlinked', userId: 'ada', anonymousId: 'a2', properties: { anonymousId: 'a1' } },
      { ...link, kind: 'unlink' },
    ],
    [
      'an unlink of its own id',
      { event: 'Identity Unlinked', userId: 'ada', anonymousId: 'a1' },
      { ...link, kind: 'unlink' },
    ],
  ])('%s', (_, fields, statement) => {
    expect(identityOf(event(fields))).toEqual(statement)
  })
})
