import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { popularity, popularityOf } from './popularity.ts'

describe('popularity', () => {
  it('halves with every half-life and never grows with the future', () => {
    const interactions = { items: [0, 0, 1, 2], weights: [1, 4, 2, 3], timesMs: [1000, 800, 900, 5000] }
    const scores = popularity(4, interactions, { halfLifeMs: 100, asOfMs: 1000 })
    expect([...scores]).toEqual([1 + 4 / 4, 2 / 2, 3, 0])
  })

  it('counts without decay or weights', () => {
    expect([...popularity(3, { items: [2, 2, 0] })]).toEqual([1, 0, 2])
  })

  it('sums the columns of a matrix', () => {
    const matrix = buildCsr({ rows: 2, columns: 2, rowOf: [0, 1, 1], columnOf: [1, 1, 0], values: [2, 3, 4] })
    expect([...popularityOf(matrix)]).toEqual([4, 5])
  })

  it('names what it cannot use', () => {
    expect(() => popularity(1, { items: [1] })).toThrow(/items\[0\] is 1/)
    expect(() => popularity(1, { items: [0] }, { halfLifeMs: 5 })).toThrow(/halfLifeMs .* needs timesMs/)
  })
})
