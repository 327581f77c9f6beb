import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { columnMeans, LinearShap } from './linear-shap.ts'

const cell = fc.record({
  row: fc.integer({ min: 0, max: 5 }),
  column: fc.integer({ min: 0, max: 7 }),
  value: fc.integer({ min: -40, max: 40 }).map((value) => value / 16),
})

describe('Linear SHAP', () => {
  it('gives every feature its weight times its distance from the mean, and adds up to the score', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { maxLength: 40 }),
        fc.infiniteStream(fc.float({ min: -3, max: 3, noNaN: true })),
        (cells, stream) => {
          const matrix = buildCsr({
            rows: 6,
            columns: 8,
            rowOf: cells.map(({ row }) => row),
            columnOf: cells.map(({ column }) => column),
            values: cells.map(({ value }) => value),
          })
          const weights = Float32Array.from(stream.take(16))
          const model = { features: 8, classes: 2, weights, bias: Float32Array.from(stream.take(2)) }
          const means = columnMeans(matrix)
          const shap = new LinearShap(model, means)
          for (let row = 0; row < 6; row += 1) {
            const { base, contributions, absent } = shap.explain(matrix, row)
            const from = matrix.starts[row]!
            const columns = [...matrix.indices.subarray(from, matrix.starts[row + 1])]
            for (const label of [0, 1]) {
              let score = model.bias[label]!
              let sum = base[label]! + absent[label]!
              columns.forEach((column, entry) => {
                const weight = weights[2 * column + label]!
                const value = matrix.values[from + entry]!
                score += weight * value
                sum += contributions[2 * entry + label]!
                expect(contributions[2 * entry + label]).toBeCloseTo(weight * (value - means[column]!), 12)
              })
              expect(Math.abs(sum - score)).toBeLessThan(1e-6)
            }
          }
          const scoreOfMeans = means.reduce((sum, mean, column) => sum + mean * weights[2 * column]!, model.bias[0]!)
          expect(shap.explain(matrix, 0).base[0]).toBeCloseTo(scoreOfMeans, 9)
        },
      ),
    )
  })

  it('names what does not fit the model', () => {
    const model = { features: 2, classes: 1, weights: Float32Array.of(1, 2), bias: Float32Array.of(0) }
    expect(() => new LinearShap(model, new Float64Array(3))).toThrow(/means has 3 features/)
    const matrix = buildCsr({ rows: 1, columns: 3, rowOf: [], columnOf: [] })
    expect(() => new LinearShap(model, new Float64Array(2)).explain(matrix, 0)).toThrow(/matrix has 3 columns/)
  })
})
