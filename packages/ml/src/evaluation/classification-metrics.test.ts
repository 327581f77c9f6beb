import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  averagePrecision,
  evaluateClassification,
  expectedCalibrationError,
  logLoss,
  rocAuc,
} from './classification-metrics.ts'

const labels = Int32Array.of(0, 1, 2, 2, 1, 0, 2, 1)
const probabilities = [
  [0.7, 0.2, 0.1],
  [0.1, 0.3, 0.6],
  [0.2, 0.2, 0.6],
  [0.05, 0.05, 0.9],
  [0.1, 0.8, 0.1],
  [0.4, 0.5, 0.1],
  [0, 0, 1],
  [0.6, 0.4, 0],
].flat()

/** The constants are scikit-learn's 1.9.1. */
describe('metrics of a classification', () => {
  it('are scikit-learn’s', () => {
    const found = evaluateClassification(labels, Int32Array.of(0, 2, 2, 2, 1, 1, 2, 0), 3)
    expect(found.accuracy).toBe(0.625)
    expect(found.macroF1).toBeCloseTo(0.5857142857, 9)
    expect([...found.confusion]).toEqual([1, 1, 0, 1, 1, 1, 0, 0, 3])
    expect(found.perClass[1]).toEqual({ precision: 0.5, recall: 1 / 3, f1: 0.4, support: 3 })
    expect(found.perClass[2]).toEqual({ precision: 0.75, recall: 1, f1: expect.closeTo(0.857142857, 8), support: 3 })
  })

  it('leave classes out of the mean that never occur', () => {
    const { macroF1, perClass } = evaluateClassification(Int32Array.of(0, 1), Int32Array.of(0, 1), 4)
    expect(macroF1).toBe(1)
    expect(perClass[3]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 })
  })

  it.each([
    [[0], [0, 1], /predicted has 2/],
    [[2], [0], /labels\[0\] is 2/],
    [[0], [-1], /labels\[0\] is -1/],
    [[], [], /is empty/],
  ])('refuse the labels %o with the predictions %o', (given, predicted, message) => {
    expect(() => evaluateClassification(Int32Array.from(given), Int32Array.from(predicted), 2)).toThrow(message)
  })
})

describe('metrics of probabilities', () => {
  it('log-loss is scikit-learn’s, also of a certain mistake', () => {
    expect(logLoss(labels, probabilities, 3)).toBeCloseTo(0.5290698628, 9)
    expect(logLoss(Int32Array.of(0, 1), [0, 1, 0.5, 0.5], 2)).toBeCloseTo(18.3684002848, 9)
    expect(() => logLoss(labels, [1], 3)).toThrow(/probabilities has 1 entries for 8 x 3/)
  })

  it('the calibration error is what a hand computes', () => {
    // Bins by (n / 15, (n + 1) / 15]: .5 | .6 .6 .6 | .7 | .8 | .9 | 1, right: 0 | 1 of 3 | 1 | 1 | 1 | 1.
    const byHand = (0.5 + (1.8 - 1) + 0.3 + 0.2 + 0.1 + 0) / 8
    expect(expectedCalibrationError(labels, probabilities, { classes: 3 })).toBeCloseTo(byHand, 12)
    expect(byHand).toBeCloseTo(0.2375, 12)
  })

  it('the calibration error is 0 for certainty that is right and 1 for certainty that is wrong', () => {
    expect(expectedCalibrationError(Int32Array.of(0, 1), [1, 0, 0, 1], { classes: 2 })).toBe(0)
    expect(expectedCalibrationError(Int32Array.of(1, 0), [1, 0, 0, 1], { classes: 2 })).toBe(1)
  })
})

describe('metrics of a ranking by score', () => {
  const positives = [0, 1, 1, 0, 1, 0, 0, 1]
  const scores = [0.1, 0.9, 0.4, 0.4, 0.8, 0.7, 0.2, 0.4]

  it('are scikit-learn’s, ties included', () => {
    expect(rocAuc(positives, scores)).toBe(0.8125)
    expect(averagePrecision(positives, scores)).toBeCloseTo(0.8333333333, 9)
    expect(() => rocAuc(positives, [1])).toThrow(/scores has 1/)
  })

  it('the area is the share of pairs in order, ties half', () => {
    const examples = fc.array(fc.tuple(fc.boolean(), fc.nat(5)), { minLength: 2, maxLength: 30 })
    fc.assert(
      fc.property(examples, (list) => {
        const all = [...list, [true, 2], [false, 3]] as [boolean, number][]
        const high = all.filter(([positive]) => positive).map(([, score]) => score)
        const low = all.filter(([positive]) => !positive).map(([, score]) => score)
        const won = high.flatMap((a) => low.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)))
        const area = won.reduce<number>((sum, value) => sum + value, 0) / won.length
        const [given, by] = [all.map(([positive]) => positive), all.map(([, score]) => score)]
        expect(rocAuc(given, by)).toBeCloseTo(area, 12)
      }),
    )
  })
})
