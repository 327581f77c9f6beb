import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { estimateItemKnnBytes, trainItemKnn } from './item-knn.ts'
import { neighboursToWeights } from './neighbour-lists.ts'
import { createItemScorer } from './scorer-model.ts'

// Users x items, by hand: u0 {a, b}, u1 {a, b, c}, u2 {a}, u3 {c}.
const interactions = buildCsr({ rows: 4, columns: 3, rowOf: [0, 0, 1, 1, 1, 2, 3], columnOf: [0, 1, 0, 1, 2, 0, 2] })

describe('item-kNN', () => {
  it('ranks neighbours by cosine', async () => {
    const lists = await trainItemKnn(interactions, { neighbours: 2, shrinkage: 0 })
    // |a| = sqrt 3, |b| = sqrt 2, |c| = sqrt 2; a.b = 2, a.c = 1, b.c = 1.
    expect([...lists.starts]).toEqual([0, 2, 4, 6])
    expect([...lists.items]).toEqual([1, 2, 0, 2, 1, 0])
    expect(lists.scores[0]).toBeCloseTo(2 / Math.sqrt(6), 6)
    expect(lists.scores[1]).toBeCloseTo(1 / Math.sqrt(6), 6)
    expect(lists.scores[3]).toBeCloseTo(0.5, 6)
  })

  it('shrinks similarities and keeps only the nearest', async () => {
    const lists = await trainItemKnn(interactions, { neighbours: 1, shrinkage: 10 })
    expect([...lists.items]).toEqual([1, 0, 1])
    expect(lists.scores[0]).toBeCloseTo(2 / (Math.sqrt(6) + 10), 6)
  })

  it('scores a history through the neighbours of each candidate', async () => {
    const lists = await trainItemKnn(interactions, { neighbours: 2, shrinkage: 0 })
    const weights = neighboursToWeights(lists)
    const scorer = createItemScorer({ algorithm: 'item-knn', itemCount: 3, parameters: {}, weights })
    const history = { items: Int32Array.of(0, 2), weights: Float32Array.of(1, 2), length: 2 }
    const scores = new Float32Array(3)
    const parts = new Float32Array(2)
    scorer.score(history, scores)
    expect(scores[1]).toBeCloseTo(2 / Math.sqrt(6) + 2 * 0.5, 5)
    scorer.explain(history, 1, parts)
    expect(parts[0]).toBeCloseTo(2 / Math.sqrt(6), 5)
    expect(parts[1]).toBeCloseTo(1, 5)
  })

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(trainItemKnn(interactions, { neighbours: 2, shrinkage: 0 }, { signal })).rejects.toThrow('enough')
  })

  it('estimates more memory for more items', () => {
    const parameters = { neighbours: 50, shrinkage: 0 }
    const small = estimateItemKnnBytes({ users: 10, items: 100, entries: 1000 }, parameters)
    expect(estimateItemKnnBytes({ users: 10, items: 1000, entries: 1000 }, parameters)).toBeGreaterThan(small)
  })
})

it('equals the cosines of all pairs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(7), fc.nat(5), fc.integer({ min: 1, max: 4 })), { maxLength: 40 }),
      async (cells) => {
        const matrix = buildCsr({
          rows: 8,
          columns: 6,
          rowOf: cells.map(([row]) => row),
          columnOf: cells.map(([, column]) => column),
          values: cells.map(([, , value]) => value),
        })
        const column = (item: number) =>
          Array.from({ length: 8 }, (_, user) =>
            cells.reduce((sum, [row, other, value]) => (row === user && other === item ? sum + value : sum), 0),
          )
        const dot = (a: readonly number[], b: readonly number[]) =>
          a.reduce((sum, value, index) => sum + value * b[index]!, 0)
        const lists = await trainItemKnn(matrix, { neighbours: 6, shrinkage: 1.5 })
        for (let item = 0; item < 6; item += 1) {
          const cosines = [0, 1, 2, 3, 4, 5].flatMap((other) => {
            const [a, b] = [column(item), column(other)]
            const similarity = dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) + 1.5)
            return other !== item && similarity > 0 ? [Math.fround(similarity)] : []
          })
          const found = [...lists.scores.subarray(lists.starts[item], lists.starts[item + 1])]
          cosines.sort((a, b) => b - a).forEach((value, rank) => expect(found[rank]).toBeCloseTo(value, 5))
          expect(found).toHaveLength(cosines.length)
        }
      },
    ),
    { numRuns: 50 },
  )
})
