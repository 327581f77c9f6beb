import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { evaluateRanking } from './evaluate-ranking.ts'
import { cappedRecallAt, hitRateAt, ndcgAt, recallAt, reciprocalRankAt } from './ranking-metrics.ts'

describe('metrics of a ranked list', () => {
  const list = { hits: Uint8Array.of(0, 1, 0, 1, 0), relevant: 4 }

  it('are what a hand computes', () => {
    expect(recallAt(list, 2)).toBe(1 / 4)
    expect(recallAt(list, 5)).toBe(2 / 4)
    expect(cappedRecallAt(list, 2)).toBe(1 / 2)
    expect(cappedRecallAt(list, 5)).toBe(2 / 4)
    expect(hitRateAt(list, 1)).toBe(0)
    expect(hitRateAt(list, 2)).toBe(1)
    expect(reciprocalRankAt(list, 5)).toBe(1 / 2)
    expect(reciprocalRankAt(list, 1)).toBe(0)
    const ideal = 1 + 1 / Math.log2(3) + 1 / 2 + 1 / Math.log2(5)
    expect(ndcgAt(list, 5)).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / ideal, 12)
    expect(ndcgAt({ hits: Uint8Array.of(1, 1), relevant: 2 }, 10)).toBe(1)
  })

  it('are 0 when nothing is relevant', () => {
    const nothing = { hits: new Uint8Array(3), relevant: 0 }
    expect([recallAt, cappedRecallAt, ndcgAt, hitRateAt, reciprocalRankAt].map((metric) => metric(nothing, 3))).toEqual(
      [0, 0, 0, 0, 0],
    )
  })
})

describe('full ranking', () => {
  const history = buildCsr({ rows: 3, columns: 4, rowOf: [0, 1, 1, 2], columnOf: [0, 0, 1, 3] })
  const test = buildCsr({ rows: 3, columns: 4, rowOf: [0, 0, 1], columnOf: [1, 2, 3] })
  // Always prefers items 0, 1, 2, 3 in this order.
  const scorer = { itemCount: 4, score: (_: unknown, out: Float32Array) => out.set([4, 3, 2, 1]) }

  it('hides the history and judges the users with test items', async () => {
    const { users, metrics } = await evaluateRanking(scorer, { history, test }, { cutoffs: [1, 2] })
    expect(users).toBe(2)
    // User 0 is shown 1, 2 (both wanted); user 1 is shown 2, 3 (3 wanted).
    expect(metrics['recall@1']).toBe((0.5 + 0) / 2)
    expect(metrics['cappedRecall@1']).toBe((1 + 0) / 2)
    expect(metrics['recall@2']).toBe(1)
    expect(metrics['mrr@2']).toBe((1 + 0.5) / 2)
    expect(metrics['coverage@1']).toBe(2 / 4)
    expect(metrics['coverage@2']).toBe(3 / 4)
    // Of three users one has item 1, none item 2 (counted as one), one item 3.
    expect(metrics['novelty@2']).toBeCloseTo(Math.log2(3), 12)
  })

  it('hides what it is told to instead', async () => {
    const exclude = buildCsr({ rows: 3, columns: 4, rowOf: [], columnOf: [] })
    const { metrics } = await evaluateRanking(scorer, { history, test, exclude }, { cutoffs: [2] })
    expect(metrics['recall@2']).toBe((0.5 + 0) / 2)
  })

  it('refuses matrices of different users', async () => {
    const other = buildCsr({ rows: 1, columns: 4, rowOf: [], columnOf: [] })
    await expect(evaluateRanking(scorer, { history, test: other }, { cutoffs: [2] })).rejects.toThrow(/different users/)
  })
})
