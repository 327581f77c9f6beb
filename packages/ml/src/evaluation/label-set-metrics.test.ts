import { expect, test } from 'vitest'
import { evaluateLabelSets, labelSetCalibrationError, labelSetLogLoss } from './label-set-metrics.ts'

const sets = [Int32Array.of(0, 1), Int32Array.of(1), Int32Array.of(), Int32Array.of(2)]
const probabilities = [0.9, 0.8, 0.1, 0.6, 0.7, 0.2, 0.1, 0.3, 0.4, 0.2, 0.1, 0.4]

// As scikit-learn 1.9.1 has them, of [[1,1,0],[0,1,0],[0,0,0],[0,0,1]] and [[1,1,0],[1,1,0],[0,0,0],[0,0,0]].
test('rows count as right with all their labels, labels and pairs by F1', () => {
  const { subsetAccuracy, microF1, macroF1, hammingLoss, perClass } = evaluateLabelSets(sets, probabilities, 3)
  expect(subsetAccuracy).toBe(0.5)
  expect(microF1).toBeCloseTo(0.75, 12)
  expect(macroF1).toBeCloseTo((2 / 3 + 1 + 0) / 3, 12)
  expect(hammingLoss).toBeCloseTo(2 / 12, 12)
  expect(perClass[0]).toEqual({ precision: 0.5, recall: 1, f1: 2 / 3, support: 1 })
})

test('the log-loss is that of all pairs of a row and a label', () => {
  const own = [0.9, 0.8, 0.9, 0.4, 0.7, 0.8, 0.9, 0.7, 0.6, 0.8, 0.9, 0.4]
  const expected = -own.reduce((sum, probability) => sum + Math.log(probability), 0) / 12
  expect(labelSetLogLoss(sets, probabilities, 3)).toBeCloseTo(expected, 12)
})

test('probabilities that are as frequent as they say are calibrated', () => {
  const rows = Array.from({ length: 100 }, (_, row) => (row % 4 === 0 ? Int32Array.of(0) : Int32Array.of()))
  const of = (first: number) => rows.flatMap(() => [first, 0])
  expect(labelSetCalibrationError(rows, of(0.25), { classes: 2 })).toBeCloseTo(0, 12)
  expect(labelSetCalibrationError(rows, of(0.75), { classes: 2 })).toBeCloseTo(0.25, 12)
})

test('sets that do not fit the probabilities are refused', () => {
  expect(() => evaluateLabelSets([], [], 2)).toThrow(/sets is empty/)
  expect(() => evaluateLabelSets([Int32Array.of(0)], [0.1], 2)).toThrow(/1 entries for 1 x 2/)
  expect(() => evaluateLabelSets([Int32Array.of(2)], [0.1, 0.2], 2)).toThrow(/sets\[0\]/)
})
