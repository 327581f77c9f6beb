import { buildCsr } from '@rapport/ml'
import { expect, it } from 'vitest'
import { judgeSampled } from './sampled-ranking.ts'

const items = 30
const history = buildCsr({ rows: 2, columns: items, rowOf: [0, 1], columnOf: [0, 1] })
const test = buildCsr({ rows: 2, columns: items, rowOf: [0, 1], columnOf: [5, 5] })
const touched = buildCsr({ rows: 2, columns: items, rowOf: [0, 0, 1, 1], columnOf: [0, 5, 1, 5] })
const judge = (score: (out: Float32Array) => void, { negatives = 28, draws = 3 } = {}) =>
  judgeSampled(
    { itemCount: items, score: (_history, out) => score(out) },
    { history, test, touched, negatives, draws, seed: 1 },
  )

it('is perfect when the wanted item scores highest', () => {
  const result = judge((out) => {
    out.fill(0)
    out[5] = 1
  })
  expect(result).toEqual({ 'sampledHitRate@10': 1, 'sampledNdcg@10': 1 })
})

it('counts the negatives that reach the wanted item: all 28 others are drawn once', () => {
  const result = judge((out) => {
    out.fill(0)
    out[5] = 1
    out.fill(2, 10, 14)
    out[20] = 1
  })
  expect(result['sampledHitRate@10']).toBe(1)
  expect(result['sampledNdcg@10']).toBeCloseTo(1 / Math.log2(5 + 2), 12)
})

it('gives a scorer without an opinion nothing', () => {
  expect(judge((out) => out.fill(3))).toEqual({ 'sampledHitRate@10': 0, 'sampledNdcg@10': 0 })
})

it('draws anew each time: the mean of many draws is near what is expected', () => {
  // Two of the 28 others beat the wanted item; one negative is drawn, so 2 in 28 draws put it on the second place.
  const ndcg = judge(
    (out) => {
      out.fill(0)
      out[5] = 1
      out.fill(2, 10, 12)
    },
    { negatives: 1, draws: 5000 },
  )['sampledNdcg@10']
  expect(ndcg).toBeCloseTo(1 - (2 / 28) * (1 - 1 / Math.log2(3)), 2)
})
