import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binFeatures, thresholdBetween } from './binned-features.ts'
import { toSparse } from './testing/small-data.ts'

const columns = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -20, max: 60 }), fc.constant(Number.NaN)), {
  minLength: 1,
  maxLength: 80,
})

describe('binned features', () => {
  it('are the same from dense as from sparse columns, in the order of the values and of about the same size', () => {
    fc.assert(
      fc.property(columns, fc.integer({ min: 2, max: 20 }), (column, maxBins) => {
        const matrix = { rows: column.length, columns: 1, values: Float32Array.from(column) }
        const dense = binFeatures(matrix, maxBins)
        const sparse = binFeatures(toSparse(matrix), maxBins)
        const spread = new Uint8Array(column.length).fill(Math.max(0, sparse.impliedBins[0]!))
        sparse.entryRows!.forEach((row, entry) => {
          spread[row] = sparse.bins[entry]!
        })
        expect(spread).toEqual(dense.bins)
        expect(dense.lowest.length).toBeLessThanOrEqual(maxBins + 1)
        const order = [...column.keys()].filter((row) => !Number.isNaN(column[row]))
        order.sort((a, b) => column[a]! - column[b]!)
        const sorted = order.map((row) => dense.bins[row]!)
        expect(sorted).toEqual([...sorted].sort((a, b) => a - b))
        for (const [row, value] of column.entries()) {
          expect(dense.bins[row] === dense.missingBins[0]).toBe(Number.isNaN(value))
        }
        const distinct = new Set(column.filter((value) => !Number.isNaN(value)).map((value) => value + 0))
        expect(new Set(sorted).size >= distinct.size || distinct.size > maxBins).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('spread many values evenly', () => {
    const values = Float32Array.from({ length: 10_000 }, (_, row) => (row * 7919) % 10_007)
    const { bins } = binFeatures({ rows: values.length, columns: 1, values }, 50)
    const counts = new Int32Array(50)
    for (const bin of bins) counts[bin]! += 1
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(198)
    expect(Math.max(...counts)).toBeLessThanOrEqual(202)
  })

  it('have thresholds that keep apart even neighbouring numbers', () => {
    const next = Math.fround(1 + 2 ** -23)
    const binned = binFeatures({ rows: 4, columns: 1, values: Float32Array.of(1, next, 4, Number.NaN) }, 8)
    expect(thresholdBetween(binned, 0, [0, 1])).toBe(1)
    expect(thresholdBetween(binned, 0, [0, 2])).toBe(2.5)
    expect(thresholdBetween(binned, 0, [2, 3])).toBe(Number.POSITIVE_INFINITY)
  })

  it('need a sensible number of bins', () => {
    const matrix = { rows: 1, columns: 1, values: Float32Array.of(1) }
    expect(() => binFeatures(matrix, 256)).toThrow(/maxBins is 256/)
  })
})
