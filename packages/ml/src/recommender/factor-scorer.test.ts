import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gramMatrix } from '../linalg/gram.ts'
import { LeastSquares } from '../linalg/least-squares.ts'
import type { History } from './item-scorer.ts'
import { createItemScorer, type FactorModel } from './scorer-model.ts'

const itemFactors = Float32Array.of(0.1, -0.2, 0.3, 0.4, 0.1, -0.1, -0.3, 0.2, 0.2, 0.05, 0.3, -0.4, 0.2, 0.2, 0.1)
const model: FactorModel = {
  algorithm: 'ials',
  itemCount: 5,
  parameters: {},
  factors: 3,
  alpha0: 0.2,
  regularization: 0.05,
  regularizationExponent: 0.8,
  itemFactors,
  gram: gramMatrix(new LeastSquares(3), itemFactors, 0, 5),
}
const historyOf = (entries: readonly (readonly [number, number])[]): History => ({
  items: Int32Array.from(entries, ([item]) => item),
  weights: Float32Array.from(entries, ([, weight]) => weight),
  length: entries.length,
})
const histories = fc
  .uniqueArray(fc.nat(4), { minLength: 1 })
  .chain((items) =>
    fc.tuple(...items.map((item) => fc.tuple(fc.constant(item), fc.double({ min: 0.1, max: 9, noNaN: true })))),
  )
  .map(historyOf)

describe('scoring by fold-in', () => {
  it('gives the scores and reasons that numpy computes', () => {
    const scorer = createItemScorer(model)
    const history = historyOf([
      [0, 1],
      [1, 1],
      [4, 2],
    ])
    const scores = new Float32Array(5)
    scorer.score(history, scores)
    const numpyScores = [0.394752, 0.6154246, -0.1767809, -0.2000739, 0.5537985]
    numpyScores.forEach((value, item) => expect(scores[item]).toBeCloseTo(value, 6))
    const parts = new Float32Array(3)
    scorer.explain(history, 2, parts)
    const numpyParts = [-0.0475399, -0.3115178, 0.1822768]
    numpyParts.forEach((value, slot) => expect(parts[slot]).toBeCloseTo(value, 6))
  })

  it('explains every score completely, in any order of calls', () => {
    const scorer = createItemScorer(model)
    fc.assert(
      fc.property(histories, fc.nat(4), fc.boolean(), (history, item, explainsFirst) => {
        const scores = new Float32Array(5)
        const parts = new Float32Array(5)
        if (explainsFirst) scorer.explain(history, item, parts)
        scorer.score(history, scores)
        if (!explainsFirst) scorer.explain(history, item, parts)
        const sum = parts.subarray(0, history.length).reduce((a, b) => a + b, 0)
        expect(sum).toBeCloseTo(scores[item]!, 4)
      }),
    )
  })

  it('takes a history that its caller has changed in place as a new one', () => {
    const scorer = createItemScorer(model)
    const history = { items: Int32Array.of(0, 1), weights: Float32Array.of(1, 1), length: 2 }
    const before = new Float32Array(5)
    scorer.score(history, before)
    history.weights[1] = 3
    const after = new Float32Array(5)
    scorer.score(history, after)
    const fresh = new Float32Array(5)
    createItemScorer(model).score(history, fresh)
    expect(after).toEqual(fresh)
    expect(after).not.toEqual(before)
  })

  it('scores nothing from nothing', () => {
    const scores = new Float32Array(5).fill(7)
    createItemScorer(model).score(historyOf([]), scores)
    expect([...scores]).toEqual([0, 0, 0, 0, 0])
  })
})
