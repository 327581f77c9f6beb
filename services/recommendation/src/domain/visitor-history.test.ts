import type { RecentItem, VisitorBehaviour } from '@rapport/features'
import { describe, expect, it } from 'vitest'
import { defaultEventWeights } from './behaviour-events.ts'
import { toHistory, type HistoryOptions } from './visitor-history.ts'

const behaviourOf = (
  recent: Record<string, readonly RecentItem[]>,
  displeasing: readonly string[] = [],
): VisitorBehaviour => ({
  members: [],
  stamp: '',
  recentByEvent: new Map(Object.entries(recent)),
  displeasing,
})
const at = (itemId: string, atMs: number): RecentItem => ({ itemId, atMs })
const options = (more: Partial<HistoryOptions> = {}): HistoryOptions => ({
  eventWeights: defaultEventWeights,
  maxEvents: 200,
  ...more,
})

describe('toHistory', () => {
  it('adds an item’s kinds of events up and names the strongest', () => {
    const { items } = toHistory(
      behaviourOf({ 'Product Viewed': [at('a', 30), at('b', 10)], 'Product Added': [at('b', 20)] }),
      options(),
    )
    expect(items).toEqual([
      { itemId: 'a', event: 'Product Viewed', weight: 1 },
      { itemId: 'b', event: 'Product Added', weight: 4 },
    ])
  })

  it('halves by half-life, counted from the newest act', () => {
    const { items } = toHistory(
      behaviourOf({ 'Product Viewed': [at('new', 1000), at('old', 0)] }),
      options({ halfLifeMs: 500 }),
    )
    expect(items.map(({ weight }) => weight)).toEqual([1, 0.25])
  })

  it('takes no taste from what the visitor has spoken of badly', () => {
    const { items, disliked } = toHistory(behaviourOf({ 'Product Viewed': [at('a', 5), at('b', 3)] }, ['a']), options())
    expect(items.map(({ itemId }) => itemId)).toEqual(['b'])
    expect([...disliked]).toEqual(['a'])
  })

  it('takes the newest events alone, over all kinds', () => {
    const { items, seen } = toHistory(
      behaviourOf({ 'Product Viewed': [at('a', 5), at('b', 3), at('c', 1)], 'Order Completed': [at('d', 4)] }),
      options({ maxEvents: 2 }),
    )
    expect(items.map(({ itemId }) => itemId)).toEqual(['a', 'd'])
    expect([...seen].toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('leaves events without a weight out of taste, and keeps them as seen', () => {
    const history = toHistory(
      behaviourOf({ 'Product Removed': [at('a', 1)], 'Order Completed': [at('b', 2)] }),
      options(),
    )
    expect(history.items.map(({ itemId }) => itemId)).toEqual(['b'])
    expect(history.seen.has('a')).toBe(true)
    expect([...history.bought]).toEqual(['b'])
  })

  it('takes nothing that was done to a disliked item for taste', () => {
    const { items, seen, disliked } = toHistory(
      behaviourOf({
        'Product Reviewed': [{ ...at('a', 3), disliked: true }, at('b', 2)],
        'Order Completed': [at('a', 1)],
      }),
      options({ sessionItemIds: ['a'] }),
    )
    expect(items.map(({ itemId }) => itemId)).toEqual(['b'])
    expect([...seen].toSorted()).toEqual(['a', 'b'])
    expect([...disliked]).toEqual(['a'])
  })

  it('puts the session first, newest of it foremost, and never decays it', () => {
    const { items } = toHistory(
      behaviourOf({ 'Product Viewed': [at('a', 1000)], 'Product Added': [at('y', 900)] }),
      options({ sessionItemIds: ['x', 'y', 'x'], halfLifeMs: 1 }),
    )
    expect(items.map(({ itemId }) => itemId)).toEqual(['x', 'y', 'a'])
    expect(items[0]).toEqual({ itemId: 'x', event: undefined, weight: 1 })
    expect(items[1]?.event).toBe('Product Added')
  })

  it('is empty for nobody', () => {
    expect(toHistory(undefined, options())).toEqual({
      items: [],
      seen: new Set(),
      bought: new Set(),
      disliked: new Set(),
    })
  })
})
