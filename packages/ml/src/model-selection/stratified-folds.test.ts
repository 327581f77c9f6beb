import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitFold, stratifiedFolds, stratifiedSample } from './stratified-folds.ts'

const manyLabels = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 6, maxLength: 80 })
  .map((labels) => Int32Array.from(labels))

const counts = (values: Iterable<number>): Map<number, number> => {
  const found = new Map<number, number>()
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1)
  return found
}

describe('stratified folds', () => {
  it('spread rows and every class evenly', () => {
    fc.assert(
      fc.property(manyLabels, fc.integer({ min: 2, max: 6 }), fc.integer(), (labels, folds, seed) => {
        const foldOf = stratifiedFolds(labels, folds, seed)
        const even = (members: number[]): void => {
          const inFold = counts(members)
          for (let fold = 0; fold < folds; fold += 1) {
            const size = inFold.get(fold) ?? 0
            expect(Math.abs(size - members.length / folds)).toBeLessThan(1)
          }
        }
        even([...foldOf])
        for (const label of new Set(labels)) even([...foldOf].filter((_, row) => labels[row] === label))
      }),
    )
  })

  it('split all rows into the two sides', () => {
    const foldOf = stratifiedFolds(
      Int32Array.from({ length: 20 }, (_, row) => row % 3),
      4,
      1,
    )
    const { train, held } = splitFold(foldOf, 2)
    expect([...train, ...held].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, row) => row))
    expect(held.length).toBe(5)
  })

  it('depend on the seed alone', () => {
    const labels = Int32Array.from({ length: 50 }, (_, row) => row % 2)
    expect(stratifiedFolds(labels, 5, 1)).toEqual(stratifiedFolds(labels, 5, 1))
    expect(stratifiedFolds(labels, 5, 1)).not.toEqual(stratifiedFolds(labels, 5, 2))
  })

  it('refuse what cannot be split', () => {
    expect(() => stratifiedFolds(Int32Array.of(0, 1), 1, 1)).toThrow(/folds is 1/)
    expect(() => stratifiedFolds(Int32Array.of(0, 1), 3, 1)).toThrow(/labels has 2 rows/)
  })
})

describe('a stratified sample', () => {
  it('has every class at its share, and grows into the larger sample of the same seed', () => {
    fc.assert(
      fc.property(manyLabels, fc.integer({ min: 1, max: 80 }), fc.integer(), (labels, size, seed) => {
        const rows = Int32Array.from(labels.keys())
        const sample = stratifiedSample(labels, rows, size, seed)
        const whole = counts(labels)
        const part = counts(sample.map((row) => labels[row]!))
        const share = Math.min(1, size / labels.length)
        for (const [label, count] of whole) expect(part.get(label)).toBe(Math.ceil(count * share))
        const larger = new Set(stratifiedSample(labels, rows, size + 7, seed))
        expect([...sample].every((row) => larger.has(row))).toBe(true)
      }),
    )
  })
})
