import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { smallTask, toSparse } from '../testing/small-data.ts'
import { treePredictions, treeScores } from '../tree-ensemble.ts'
import { trainBoostedClassifier, trainBoostedRegressor } from './train-boosted-trees.ts'

const { matrix, labels } = smallTask()
const binary = labels.map((label) => (label > 0 ? 1 : 0))
const options = { iterations: 12, learningRate: 0.3, maxLeaves: 5, minChildRows: 3, l2: 0.5, seed: 1 }

const close = (expected: readonly number[]): unknown[] => expected.map((value) => expect.closeTo(value, 3) as unknown)

// The numbers are those of scikit-learn 1.9.1: HistGradientBoosting* with min_samples_leaf=3, max_leaf_nodes=5, max_iter=12,
// learning_rate=0.3, l2_regularization=0.5, early_stopping=False.
describe('boosted trees, against scikit-learn', () => {
  it('predict numbers', async () => {
    const targets = Float64Array.from({ length: 40 }, (_, row) => {
      const [a = 0, b = 0, c = 0] = matrix.values.subarray(3 * row, 3 * row + 3)
      return (a * b) / 10 - c
    })
    const { ensemble } = await trainBoostedRegressor(matrix, targets, options)
    expect([...treePredictions(ensemble, matrix).subarray(0, 10)]).toEqual(
      close([-5.73407, -7.83385, -4.0325, -9.12931, -5.75355, 1.94268, -1.81091, -4.11469, 0.42812, -1.87106]),
    )
  })

  it('score two classes', async () => {
    const { ensemble } = await trainBoostedClassifier(matrix, binary, { ...options, classes: 2 })
    expect([...treeScores(ensemble, matrix).subarray(0, 10)]).toEqual(
      close([-3.28695, 3.895, -1.29536, 3.895, 3.895, 3.895, 2.23876, -2.30806, 3.895, 3.895]),
    )
    const probabilities = treePredictions(ensemble, matrix)
    const score = treeScores(ensemble, matrix)[7]!
    expect(probabilities[15]).toBeCloseTo(1 / (1 + Math.exp(-score)), 5)
    expect(probabilities[14]! + probabilities[15]!).toBeCloseTo(1, 6)
  })

  it('give the probabilities of three classes with weighted rows', async () => {
    const sampleWeights = Float64Array.from({ length: 40 }, (_, row) => 1 + ((row * 13) % 29) / 29)
    const { ensemble } = await trainBoostedClassifier(matrix, labels, { ...options, classes: 3, sampleWeights })
    expect(ensemble.roots.length).toBe(36)
    expect([...treePredictions(ensemble, matrix).subarray(0, 12)]).toEqual(
      close([
        0.99347, 0.00497, 0.00156, 0.00819, 0.98634, 0.00547, 0.9371, 0.05702, 0.00587, 0.00597, 0.02195, 0.97208,
      ]),
    )
  })

  it('send missing values where they gain most', async () => {
    const values = matrix.values.map((value, cell) => (cell % 12 === 5 ? Number.NaN : value))
    const { ensemble } = await trainBoostedClassifier({ ...matrix, values }, binary, { ...options, classes: 2 })
    expect([...treeScores(ensemble, { ...matrix, values }).subarray(0, 10)]).toEqual(
      close([-3.13708, 2.20569, -1.19848, 2.59754, 3.41437, 3.91371, 2.66949, -2.11953, 3.85309, 3.91371]),
    )
  })
})

const tasks = fc
  .array(
    fc.record({
      cells: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 9 })), { minLength: 4, maxLength: 4 }),
      label: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 10, maxLength: 60 },
  )
  .map((rows) => ({
    matrix: { rows: rows.length, columns: 4, values: Float32Array.from(rows.flatMap(({ cells }) => cells)) },
    labels: Int32Array.from(rows, ({ label }) => label),
    // Without weights many splits gain the same, and rounding decides.
    sampleWeights: Float64Array.from(rows, (_, row) => 0.3 + ((row * row * 7919) % 8999) / 3333),
  }))

describe('boosted trees', () => {
  it('learn the same from sparse rows as from dense ones, and lower their training loss', async () => {
    await fc.assert(
      fc.asyncProperty(tasks, async (task) => {
        const { sampleWeights } = task
        const own = {
          iterations: 6,
          maxLeaves: 6,
          minChildRows: 2,
          l2: 0.1,
          maxBins: 50,
          classes: 3,
          seed: 1,
          sampleWeights,
        }
        const dense = await trainBoostedClassifier(task.matrix, task.labels, own)
        const sparse = await trainBoostedClassifier(toSparse(task.matrix), task.labels, own)
        sparse.losses.forEach((loss, at) => expect(loss).toBeCloseTo(dense.losses[at]!, 3))
        expect(dense.losses.at(-1)).toBeLessThanOrEqual(dense.losses[0]! + 1e-9)
        const bySparse = treeScores(sparse.ensemble, toSparse(task.matrix))
        expect(treeScores(sparse.ensemble, task.matrix)).toEqual(bySparse)
      }),
      { numRuns: 60 },
    )
  })

  it('stop early and keep the best iteration of held-out rows', async () => {
    const noise = Int32Array.from({ length: 40 }, (_, row) => (row * 7) % 2)
    const earlyStopping = { fraction: 0.3, rounds: 3 }
    const own = { ...options, iterations: 200, classes: 2, earlyStopping }
    const { ensemble, iterations, losses } = await trainBoostedClassifier(matrix, noise, own)
    expect(losses.length).toBe(iterations + 3)
    expect(Math.min(...losses)).toBe(losses[iterations - 1])
    expect(ensemble.roots.length).toBe(iterations)
    expect(ensemble.left.length).toBe(ensemble.cover.length)
    const trained = await trainBoostedClassifier(matrix, noise, { ...own, iterations })
    expect(trained.ensemble).toEqual(ensemble)
  })

  it('keep to their limits', async () => {
    const { ensemble } = await trainBoostedClassifier(matrix, binary, { ...options, classes: 2, maxDepth: 1 })
    expect(ensemble.features.length).toBe(3 * 12)
    const none = await trainBoostedClassifier(matrix, binary, { ...options, classes: 2, minGain: 1e9 })
    expect(none.ensemble.features.length).toBe(12)
    const rows = none.ensemble.cover
    expect([...rows]).toEqual(Array<number>(12).fill(40))
  })

  it('weigh rows: a weight of 0 is as good as no row, save for the counts', async () => {
    const sampleWeights = Float64Array.from(binary, (_, row) => (row < 20 ? 1 : 0))
    const own = { ...options, classes: 2, minChildRows: 1, minChildWeight: 0.1 }
    const weighted = await trainBoostedClassifier(matrix, binary, { ...own, sampleWeights })
    const half = { rows: 20, columns: 3, values: matrix.values.slice(0, 60) }
    const alone = await trainBoostedClassifier(half, binary.slice(0, 20), own)
    expect(weighted.losses[0]).toBeCloseTo(alone.losses[0]!, 6)
  })

  it('report progress, stop when aborted, and name what they cannot use', async () => {
    const seen: number[] = []
    const own = { ...options, classes: 2 }
    await trainBoostedClassifier(matrix, binary, own, { onProgress: (part) => seen.push(part) })
    expect(seen.at(-1)).toBe(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(trainBoostedClassifier(matrix, binary, own, { signal })).rejects.toThrow('enough')
    await expect(trainBoostedClassifier(matrix, binary, { ...own, maxLeaves: 0 })).rejects.toThrow(/maxLeaves is 0/)
    await expect(trainBoostedClassifier(matrix, binary, { ...own, l2: -1 })).rejects.toThrow(/l2 is -1/)
    await expect(trainBoostedRegressor(matrix, new Float64Array(40).fill(Number.NaN), options)).rejects.toThrow(
      /targets\[0\] is NaN/,
    )
    const earlyStopping = { fraction: 1, rounds: 1 }
    await expect(trainBoostedClassifier(matrix, binary, { ...own, earlyStopping })).rejects.toThrow(/fraction is 1/)
  })
})
