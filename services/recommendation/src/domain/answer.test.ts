import { createItemScorer, trainIals } from '@rapport/ml'
import { beforeEach, describe, expect, it } from 'vitest'
import { answerPopular, answerSimilar, answerTrending, answerVisitor, type Answer } from './answer.ts'
import { ModelView } from './model-view.ts'
import { presentItems } from './present.ts'
import { TenantIndex } from './tenant-index.ts'
import { interactionsOf, itemOf, teaAndCoffee, trainKnnBundle } from './testing.ts'
import type { HistoryItem } from './visitor-history.ts'

const createdAt = '2026-01-01T00:00:00.000Z'
let shop: TenantIndex
let view: ModelView
beforeEach(async () => {
  shop = new TenantIndex('shop')
  view = new ModelView(
    { version: 'v1', createdAt },
    await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users),
    shop.table,
  )
  shop.rules.begin(undefined)
})

const viewedItem = (itemId: string, weight = 1): HistoryItem => ({ itemId, event: 'Product Viewed', weight })
const visit = (history: readonly HistoryItem[], count = 3, over: ModelView | 'none' = view): Answer => {
  shop.rules.begin(undefined)
  for (const { itemId } of history) shop.rules.hideSeen(shop.table.indexOf(itemId))
  return answerVisitor(shop, over === 'none' ? undefined : over, { history, sessionOnly: false, count })
}
const idsOf = (answer: Answer): string[] => answer.candidates.map(({ index }) => shop.table.idAt(index))
const fillCatalogue = (): void => {
  for (const id of teaAndCoffee.itemIds) shop.applyItem(itemOf(id, { title: `The ${id}`, categories: ['Drinks'] }))
}

describe('answerVisitor', () => {
  it('ranks by the model, hides what was seen, and fills up with what is popular', () => {
    const answer = visit([viewedItem('green')])
    expect(answer.strategy).toBe('personal')
    expect(idsOf(answer).slice(0, 2)).toEqual(['black', 'pot'])
    expect(answer.candidates.map(({ source }) => source)).toEqual(['model', 'model', 'popular'])
    expect(idsOf(answer)[2]).toBe('press')
  })

  it('gives an unknown visitor what is popular and what rises', () => {
    shop.trends = { popular: new Float32Array([5, 4, 3, 2, 1, 0]), trending: new Float32Array([0, 0, 0, 0, 2, 0]) }
    const answer = visit([], 4)
    expect(answer.strategy).toBe('popular')
    expect(idsOf(answer)).toEqual(['green', 'black', 'press', 'pot'])
    expect(answer.candidates[2]?.source).toBe('trending')
  })

  it('shows what rises also where nothing else is popular', () => {
    shop.trends = { popular: new Float32Array([0, 4]), trending: new Float32Array([0, 3]) }
    expect(visit([], 3, 'none').candidates.map(({ source }) => source)).toEqual(['trending'])
  })

  it('keeps a place for an item that no model knows, when its content is near the history', () => {
    fillCatalogue()
    shop.applyItem(itemOf('green', { title: 'Green tea from Hangzhou' }, { version: 2 }))
    shop.applyItem(itemOf('matcha', { title: 'Fine green tea powder' }))
    shop.applyItem(itemOf('brush', { title: 'Shaving brush' }))
    const answer = visit([viewedItem('green'), viewedItem('press')], 4)
    expect(idsOf(answer)).toContain('matcha')
    expect(idsOf(answer)).not.toContain('brush')
    expect(answer.candidates[3]?.source).toBe('content')
  })

  it('answers by content alone when the model knows nothing of the history', () => {
    shop.applyItem(itemOf('oolong', { title: '乌龙茶 安溪铁观音' }))
    shop.applyItem(itemOf('tieguanyin', { title: '铁观音茶叶礼盒' }))
    const answer = visit([viewedItem('oolong')], 1)
    expect(answer.strategy).toBe('content')
    expect(idsOf(answer)).toEqual(['tieguanyin'])
  })

  it('brings seen items back only when nothing else is left, and never what is barred', () => {
    fillCatalogue()
    shop.rules.begin(undefined)
    for (const id of ['green', 'black']) shop.rules.hideSeen(shop.table.indexOf(id))
    shop.rules.bar(shop.table.indexOf('press'))
    const answer = answerVisitor(shop, view, { history: [], sessionOnly: false, count: 10 })
    expect(idsOf(answer).slice(0, 3).toSorted()).toEqual(['beans', 'mill', 'pot'])
    expect(idsOf(answer).slice(3).toSorted()).toEqual(['black', 'green'])
  })

  it('falls back to the newest of the catalogue before anything has happened', () => {
    shop.applyItem(itemOf('first', {}, { updatedAt: '2026-01-01T00:00:00.000Z' }))
    shop.applyItem(itemOf('second', {}, { updatedAt: '2026-01-02T00:00:00.000Z' }))
    const answer = visit([], 5, 'none')
    expect(answer.strategy).toBe('newest')
    expect(idsOf(answer)).toEqual(['second', 'first'])
  })

  it('obeys the filter in every path', () => {
    fillCatalogue()
    shop.applyItem(itemOf('pot', { title: 'Pot', categories: ['Ware'] }, { version: 2 }))
    shop.rules.begin(({ body }) => body.categories?.includes('Ware') === true)
    const answer = answerVisitor(shop, view, { history: [viewedItem('green')], sessionOnly: false, count: 5 })
    expect(idsOf(answer)).toEqual(['pot'])
  })
})

describe('answerSimilar', () => {
  const similar = (id: string, kind: 'similar' | 'alsoViewed' | 'alsoBought', count = 2): Answer => {
    shop.rules.begin(undefined)
    const index = shop.table.intern(id)
    shop.rules.bar(index)
    return answerSimilar(shop, view, { index, kind, count })
  }

  it('gives the model’s neighbours', () => {
    const answer = similar('beans', 'similar')
    expect(answer.strategy).toBe('similar')
    expect(idsOf(answer)).toEqual(['press', 'mill'])
  })

  it('gives a new item neighbours by content, and makes it one', () => {
    fillCatalogue()
    shop.applyItem(itemOf('matcha', { title: 'The green matcha' }))
    expect(similar('matcha', 'similar').strategy).toBe('content')
    expect(idsOf(similar('matcha', 'similar', 1))).toEqual(['green'])
    expect(idsOf(similar('green', 'similar', 3))).toContain('matcha')
  })

  it('names what was bought with it, and says when content stands in', () => {
    fillCatalogue()
    expect(similar('beans', 'alsoBought').candidates.map(({ source }) => source)).toEqual(['alsoBought', 'alsoBought'])
    expect(similar('beans', 'alsoViewed').strategy).toBe('content')
  })
})

describe('rankings', () => {
  it('uses the newest counts, then the model’s popularity', () => {
    expect(idsOf(answerPopular(shop, view, 1))).toEqual(['press'])
    shop.trends = { popular: new Float32Array([0, 9]), trending: new Float32Array(0) }
    shop.rules.begin(undefined)
    expect(idsOf(answerPopular(shop, view, 1))).toEqual(['black'])
  })

  it('fills what rises up with what is popular', () => {
    shop.trends = { popular: new Float32Array([9, 8]), trending: new Float32Array([0, 0, 3]) }
    const answer = answerTrending(shop, view, 2)
    expect(answer.strategy).toBe('trending')
    expect(idsOf(answer)).toEqual(['pot', 'green'])
  })
})

describe('reasons', () => {
  const historyWith = [
    { itemId: 'black', event: 'Order Completed', weight: 5 },
    viewedItem('green'),
  ] satisfies HistoryItem[]

  it('names the item with the largest part, its title and what was done to it, in two languages', () => {
    fillCatalogue()
    const answer = visit(historyWith, 1)
    const [item] = presentItems(shop, view, { answer, explain: true })
    expect(item?.id).toBe('pot')
    expect(item?.reasons?.[0]).toMatchObject({
      itemId: 'black',
      text: { en: 'Because you bought “The black”', zh: '因为你买过“The black”' },
    })
  })

  it('takes the item away: the score falls by exactly the part', () => {
    const scoreOf = (history: readonly HistoryItem[]): number =>
      visit(history, 6).candidates.find(({ index }) => shop.table.idAt(index) === 'pot')?.score ?? 0
    const answer = visit(historyWith, 1)
    const [item] = presentItems(shop, view, { answer, explain: true })
    const part = item?.reasons?.[0]?.contribution ?? 0
    expect(part).toBeGreaterThan(0)
    expect(scoreOf(historyWith) - scoreOf(historyWith.filter(({ itemId }) => itemId !== 'black'))).toBeCloseTo(part, 5)
  })

  it('has its own words for what is popular and for content', () => {
    const popular = visit([], 1)
    expect(presentItems(shop, view, { answer: popular, explain: true })[0]?.reasons).toEqual([
      { text: { en: 'Popular with other customers', zh: '很多顾客喜欢' } },
    ])
    shop.applyItem(itemOf('a', { title: 'Wool scarf' }))
    shop.applyItem(itemOf('b', { title: 'Wool scarf, long' }))
    const byContent = visit([viewedItem('a')], 1)
    const [reason] = presentItems(shop, view, { answer: byContent, explain: true })[0]?.reasons ?? []
    expect(reason).toMatchObject({ itemId: 'a', text: { en: 'Described much like “Wool scarf”' } })
    expect(reason?.contribution).toBeCloseTo(byContent.candidates[0]?.score ?? 0, 5)
  })
})

describe('iALS', () => {
  it('explains with parts that sum to the score, and the score falls without the first reason', async () => {
    const { model: factors } = await trainIals(interactionsOf(teaAndCoffee.itemIds, teaAndCoffee.users), {
      factors: 4,
      epochs: 10,
      alpha0: 0.1,
      regularization: 0.05,
      seed: 1,
    })
    const ials = new ModelView({ version: 'v2', createdAt }, { ...view.bundle, scorer: factors }, shop.table)
    const history = [viewedItem('green', 1), viewedItem('black', 3), viewedItem('beans', 1)]
    const answer = visit(history, 1, ials)
    const [item] = presentItems(shop, ials, { answer, explain: true })
    expect(item?.id).toBe('pot')
    expect(item?.reasons?.[0]?.itemId).toBe('black')
    const parts = new Float32Array(3)
    createItemScorer(factors).explain(
      { items: Int32Array.of(0, 1, 3), weights: Float32Array.of(1, 3, 1), length: 3 },
      2,
      parts,
    )
    expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(item?.score ?? 0, 4)
    expect(Math.max(...parts)).toBeCloseTo(item?.reasons?.[0]?.contribution ?? 0, 4)
    const without = visit(
      history.filter(({ itemId }) => itemId !== 'black'),
      5,
      ials,
    )
    const pot = without.candidates.find(({ index }) => shop.table.idAt(index) === 'pot')
    expect(pot?.score ?? 0).toBeLessThan(item?.score ?? 0)
  })
})
