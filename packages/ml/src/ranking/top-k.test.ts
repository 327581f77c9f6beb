import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bitset } from './bitset.ts'
import { TopK } from './top-k.ts'

const score = fc.oneof(fc.constantFrom(0, 1, -1, Number.NaN, Number.NEGATIVE_INFINITY), fc.float({ noNaN: true }))

describe('top-K', () => {
  it('equals sorting', () => {
    const best = new TopK(7)
    fc.assert(
      fc.property(fc.array(score, { maxLength: 40 }), fc.array(fc.nat(39)), fc.nat(9), (values, hidden, limit) => {
        const scores = Float32Array.from(values)
        const exclude = new Bitset(scores.length)
        for (const item of hidden) exclude.add(item)
        const expected = [...scores.keys()]
          .filter((item) => !hidden.includes(item) && !Number.isNaN(scores[item]))
          .sort((a, b) => (scores[a] === scores[b] ? a - b : scores[b]! - scores[a]!))
          .slice(0, Math.min(limit, 7))
        const found = best.select(scores, limit, exclude)
        expect([...best.items.subarray(0, found)]).toEqual(expected)
        expect([...best.scores.subarray(0, found)]).toEqual(expected.map((item) => scores[item]))
      }),
    )
  })

  it('takes items in any order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50), { maxLength: 30 }), (items) => {
        const best = new TopK(5)
        for (const item of items) best.offer(item, item % 4)
        const found = best.finish()
        const expected = [...items].sort((a, b) => (b % 4) - (a % 4) || a - b).slice(0, 5)
        expect([...best.items.subarray(0, found)]).toEqual(expected)
      }),
    )
  })

  it('refuses a capacity of nothing', () => {
    expect(() => new TopK(0)).toThrow(/capacity is 0/)
  })
})

describe('bitset', () => {
  it('is a set', () => {
    const size = 70
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -3, max: 75 }))), (steps) => {
        const bits = new Bitset(size)
        const set = new Set<number>()
        for (const [adds, index] of steps) {
          if (adds) bits.add(index)
          else bits.delete(index)
          if (index < 0 || index >= size) continue
          if (adds) set.add(index)
          else set.delete(index)
        }
        expect(bits.count()).toBe(set.size)
        for (let index = 0; index < size; index += 1) expect(bits.has(index)).toBe(set.has(index))
        const copy = new Bitset(size)
        copy.copyFrom(bits)
        expect(copy).toEqual(bits)
        copy.clear()
        expect(copy.count()).toBe(0)
      }),
    )
  })
})
