import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { interleave, placesIn } from './merge.ts'

const places = { first: 4, every: 6 }

describe('interleave', () => {
  it('puts the second list at its places', () => {
    expect(interleave(['a', 'b', 'c', 'd', 'e'], ['x', 'y'], { count: 5, places })).toEqual(['a', 'b', 'c', 'x', 'd'])
  })

  it('goes on with the first list where the second has ended', () => {
    expect(interleave(['a', 'b', 'c', 'd', 'e'], [], { count: 4, places })).toEqual(['a', 'b', 'c', 'd'])
  })

  it('keeps both orders and gives the second list exactly its places', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (count, first, every) => {
        const left = Array.from({ length: count }, (_, at) => at)
        const right = left.map((at) => -1 - at)
        const merged = interleave(left, right, { count, places: { first, every } })
        const seconds = merged.filter((entry) => entry < 0)
        expect(merged).toHaveLength(count)
        expect(seconds).toEqual(right.slice(0, placesIn(count, { first, every })))
        expect(merged.filter((entry) => entry >= 0)).toEqual(left.slice(0, count - seconds.length))
      }),
    )
  })
})
