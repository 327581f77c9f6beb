import type { ItemBody, ItemFilter } from '@rapport/contracts'
import { describe, expect, it } from 'vitest'
import { compileItemFilter } from './item-filter.ts'

const passes = (filter: ItemFilter, body: ItemBody): boolean => {
  const test = compileItemFilter(filter)
  return test === undefined || test({ id: 'a', version: 1, updatedAtMs: 0, available: true, body })
}
const tea: ItemBody = {
  categories: ['Kitchen', 'Tea'],
  tags: ['gift', 'organic'],
  price: 12.5,
  attributes: { origin: 'Hangzhou', grams: 250, loose: true },
}

describe('compileItemFilter', () => {
  it('asks for nothing when nothing is asked', () => {
    expect(compileItemFilter(undefined)).toBeUndefined()
    expect(compileItemFilter({})).toBeUndefined()
  })

  it.each<[string, ItemFilter, boolean]>([
    ['a category at any level', { category: 'Tea' }, true],
    ['one of several categories', { category: ['Garden', 'Kitchen'] }, true],
    ['no such category', { category: 'tea' }, false],
    ['all tags', { tags: ['gift', 'organic'] }, true],
    ['a tag it lacks', { tags: ['gift', 'vegan'] }, false],
    ['price at both bounds', { price: { min: 12.5, max: 12.5 } }, true],
    ['price above', { price: { min: 12.51 } }, false],
    ['price below', { price: { max: 12.49 } }, false],
    ['an empty range', { price: { min: 20, max: 10 } }, false],
    ['attribute equality', { attributes: { origin: 'Hangzhou', loose: true } }, true],
    ['attribute of another type', { attributes: { grams: '250' } }, false],
    ['attribute range', { attributes: { grams: { min: 200, max: 300 } } }, true],
    ['attribute range on text', { attributes: { origin: { min: 0 } } }, false],
    ['an attribute it lacks', { attributes: { colour: 'green' } }, false],
    ['a name that every object has', { attributes: { constructor: 'x' } }, false],
    ['all of it at once', { category: 'Tea', tags: ['gift'], price: { max: 20 }, attributes: { grams: 250 } }, true],
  ])('%s', (_name, filter, expected) => {
    expect(passes(filter, tea)).toBe(expected)
  })

  it('an item without a price is in no price range', () => {
    expect(passes({ price: {} }, {})).toBe(false)
    expect(passes({ category: 'Tea' }, {})).toBe(false)
  })
})
