import type { CsrMatrix } from '@rapport/ml'
import { expect, it } from 'vitest'
import type { RowRecipe } from './text-recipe.ts'
import { estimateTrainingBytes } from './train-scorer.ts'

const columns = 1000
const rows: CsrMatrix = {
  rows: 2,
  columns,
  starts: Int32Array.of(0, 1, 2),
  indices: Int32Array.of(3, 999),
  values: Float32Array.of(1, 1),
}
const sets = [Int32Array.of(0, 19), Int32Array.of(4)]
const recipeOf = (algorithm: RowRecipe['algorithm']): RowRecipe => ({
  algorithm,
  features: { analyzer: 'word', ngrams: [1, 1], minDf: 1, maxFeatures: columns },
  parameters: { cost: 1 },
})

it('counts the memory of one label after the other where a text has several', () => {
  const logistic = recipeOf('logistic-regression')
  expect(estimateTrainingBytes(logistic, { rows, classes: 20, sets })).toBe(8 * 22 * columns + 4 * columns * 20)
  expect(estimateTrainingBytes(logistic, { rows, classes: 20 })).toBe(8 * 22 * columns * 20)
  const svm = recipeOf('linear-svm')
  expect(estimateTrainingBytes(svm, { rows, classes: 20, sets })).toBe((8 + 8) * columns + 32 * 2 + 4 * columns * 20)
})
