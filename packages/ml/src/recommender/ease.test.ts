import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { estimateEaseBytes, maxEaseItems, pruneEase, trainEase } from './ease.ts'
import { createItemScorer } from './scorer-model.ts'

const dense = [
  [1, 1, 0, 0, 2],
  [0, 1, 1, 0, 0],
  [1, 0, 1, 1, 0],
  [0, 0, 2, 1, 1],
  [1, 1, 1, 0, 0],
  [0, 0, 0, 1, 1],
]
const cells = dense.flatMap((row, user) => row.flatMap((value, item) => (value === 0 ? [] : [{ user, item, value }])))
const interactions = buildCsr({
  rows: 6,
  columns: 5,
  rowOf: cells.map(({ user }) => user),
  columnOf: cells.map(({ item }) => item),
  values: cells.map(({ value }) => value),
})
// numpy: P = inv(X.T @ X + 0.5 I); B = -P / diag(P); diagonal 0.
const expected = [
  [0, 0.4057366, 0.0283186, 0.1730625, 0.137931],
  [0.5216225, 0, 0.6725664, -0.4936042, 0.6219909],
  [0.0160912, 0.2972621, 0, 0.4108352, -0.2264151],
  [0.2313108, -0.5131682, 0.9663717, 0, 0.7260898],
  [0.0710694, 0.2492829, -0.2053097, 0.2799097, 0],
]

describe('EASE', () => {
  it('has the weights that numpy computes', async () => {
    const { weights } = await trainEase(interactions, { lambda: 0.5 })
    expected.flat().forEach((value, cell) => expect(weights[cell]).toBeCloseTo(value, 6))
  })

  it('scores and explains by its weights, pruned or not', async () => {
    const model = await trainEase(interactions, { lambda: 0.5 })
    const history = { items: Int32Array.of(0, 2, 3, 1, 4), weights: Float32Array.of(1, 2, 0.5, 1, 3), length: 5 }
    for (const form of [model, pruneEase(model, 5)]) {
      const scorer = createItemScorer(form)
      const scores = new Float32Array(5)
      const parts = new Float32Array(5)
      scorer.score(history, scores)
      for (let item = 0; item < 5; item += 1) {
        scorer.explain(history, item, parts)
        const exact = [...history.items].map((source, slot) => history.weights[slot]! * expected[source]![item]!)
        exact.forEach((part, slot) => expect(parts[slot]).toBeCloseTo(part, 5))
        expect(scores[item]).toBeCloseTo(
          exact.reduce((a, b) => a + b),
          5,
        )
      }
    }
  })

  it('keeps the weights of largest magnitude of each item', async () => {
    const pruned = pruneEase(await trainEase(interactions, { lambda: 0.5 }), 1)
    const kept = new Map<number, number>()
    for (let source = 0; source < 5; source += 1) {
      for (const target of pruned.weights.indices.subarray(
        pruned.weights.starts[source],
        pruned.weights.starts[source + 1],
      )) {
        expect(kept.has(target)).toBe(false)
        kept.set(target, source)
      }
    }
    expect([...kept].sort(([a], [b]) => a - b)).toEqual([
      [0, 1],
      [1, 3],
      [2, 3],
      [3, 1],
      [4, 3],
    ])
  })

  it('refuses a ridge of nothing, stops when aborted and reports progress that does not fall', async () => {
    await expect(trainEase(interactions, { lambda: 0 })).rejects.toThrow(/lambda is 0/)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(trainEase(interactions, { lambda: 1 }, { signal })).rejects.toThrow('enough')
    const seen: number[] = []
    await trainEase(interactions, { lambda: 1 }, { onProgress: (fraction) => seen.push(fraction) })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
  })

  it('refuses a catalogue that its kernel cannot hold', async () => {
    const huge = buildCsr({ rows: 1, columns: maxEaseItems + 1, rowOf: [], columnOf: [] })
    await expect(trainEase(huge, { lambda: 1 })).rejects.toThrow(/23001 items/)
  })

  it('says how much memory a catalogue needs', () => {
    expect(estimateEaseBytes({ users: 6000, items: 3043, entries: 800_000 })).toBeLessThan(130e6)
    expect(estimateEaseBytes({ users: 6000, items: 20_000, entries: 800_000 })).toBeGreaterThan(4.5e9)
    expect(estimateEaseBytes({ users: 6000, items: maxEaseItems + 1, entries: 800_000 })).toBe(Number.POSITIVE_INFINITY)
  })
})
