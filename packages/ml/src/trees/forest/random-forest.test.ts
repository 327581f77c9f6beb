import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { smallTask, toSparse } from '../testing/small-data.ts'
import { treePredictions, type TreeEnsemble } from '../tree-ensemble.ts'
import { trainRandomForest, type RandomForestOptions } from './train-random-forest.ts'

const oneTree = { classes: 3, trees: 1, seed: 1, splitFeatures: 3, bootstrap: false } as const

/** Splits as [feature, threshold] and leaves as class shares, parents before children, left before right. */
function preorder(
  ensemble: TreeEnsemble,
  node = ensemble.roots[0]!,
): { split?: number[]; leaf?: number[]; cover: number }[] {
  const cover = ensemble.cover[node]!
  if (ensemble.features[node]! < 0) {
    const at = ensemble.left[node]! * ensemble.leafWidth
    return [{ leaf: [...ensemble.leafValues.subarray(at, at + ensemble.leafWidth)], cover }]
  }
  const split = [ensemble.features[node]!, ensemble.thresholds[node]!]
  return [{ split, cover }, ...preorder(ensemble, ensemble.left[node]), ...preorder(ensemble, ensemble.right[node])]
}

/** Rows whose class is the greater of two of eight columns; many zeros, some negative values. */
const sparseTasks = fc
  .array(
    fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: -4, max: 6 })), { minLength: 8, maxLength: 8 }),
    { minLength: 6, maxLength: 50 },
  )
  .map((rows) => ({
    matrix: { rows: rows.length, columns: 8, values: Float32Array.from(rows.flat()) },
    labels: Int32Array.from(rows, (row, at) => (row[0]! > row[1]! ? 1 : 0) + (at % 5 === 0 ? 1 : 0)),
  }))

describe('random forest', () => {
  // scikit-learn 1.9.1: DecisionTreeClassifier(min_samples_leaf=3), the same for every random_state.
  it('grows the tree of scikit-learn where all features are looked at', async () => {
    const { matrix, labels } = smallTask()
    const tree = await trainRandomForest(matrix, labels, { ...oneTree, minLeafRows: 3 })
    const nodes = preorder(tree)
    expect(nodes.flatMap(({ split }) => (split === undefined ? [] : [split]))).toEqual([
      [2, 6.0625],
      [1, 7.875],
      [0, 9.3125],
      [1, 6.8125],
      [1, 8.4375],
    ])
    expect(nodes.flatMap(({ leaf }) => (leaf === undefined ? [] : [leaf]))).toEqual([
      [1, 0, 0],
      [0.5, 0.5, 0],
      [0, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 1, 0],
    ])
    expect(nodes.map(({ cover }) => cover)).toEqual([40, 18, 13, 9, 4, 5, 22, 12, 10, 5, 5])
  })

  it('knows its training rows when leaves may be single, and shares the values of pure leaves', async () => {
    const { matrix, labels } = smallTask()
    const tree = await trainRandomForest(matrix, labels, oneTree)
    const predicted = treePredictions(tree, matrix)
    labels.forEach((label, row) => expect(predicted[3 * row + label]).toBe(1))
    expect(tree.leafValues.length).toBe(9)
  })

  it('is as good on sparse rows as on the same dense ones: every split has the least impurity of all', async () => {
    await fc.assert(
      fc.asyncProperty(sparseTasks, fc.integer({ min: 1, max: 3 }), async ({ matrix, labels }, minLeafRows) => {
        const options = { ...oneTree, splitFeatures: 8, maxDepth: 1, minLeafRows }
        const dense = await trainRandomForest(matrix, labels, options)
        const sparse = await trainRandomForest(toSparse(matrix), labels, options)
        const impurity = (ensemble: TreeEnsemble): number => {
          const shares = treePredictions(ensemble, matrix)
          return shares.reduce((sum, share) => sum + share * (1 - share), 0)
        }
        const least = bruteForceImpurity(matrix.values, labels, minLeafRows)
        expect(impurity(dense)).toBeCloseTo(least, 3)
        expect(impurity(sparse)).toBeCloseTo(least, 3)
      }),
      { numRuns: 150 },
    )
  })

  it('separates rows that differ at all, whichever way the sparse entries are read', async () => {
    await fc.assert(
      fc.asyncProperty(sparseTasks, fc.integer({ min: 1, max: 8 }), async ({ matrix, labels }, splitFeatures) => {
        const options = { ...oneTree, splitFeatures }
        const tree = await trainRandomForest(toSparse(matrix), labels, options)
        const predicted = treePredictions(tree, matrix)
        expect(treePredictions(tree, toSparse(matrix))).toEqual(predicted)
        const keyOf = (row: number): string =>
          matrix.values
            .subarray(row * 8, row * 8 + 8)
            .join(' ')
            .replaceAll('-0', '0')
        const labelsOf = Map.groupBy(labels.keys(), keyOf)
        for (const rows of labelsOf.values()) {
          for (const label of [0, 1, 2]) {
            const share = rows.filter((row) => labels[row] === label).length / rows.length
            expect(predicted[3 * rows[0]! + label]).toBeCloseTo(share, 5)
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('makes the same forest from the same seed, and another from another', async () => {
    const { matrix, labels } = smallTask()
    const options: RandomForestOptions = { classes: 3, trees: 5, seed: 4 }
    const forest = await trainRandomForest(matrix, labels, options)
    expect(await trainRandomForest(matrix, labels, options)).toEqual(forest)
    expect(await trainRandomForest(matrix, labels, { ...options, seed: 5 })).not.toEqual(forest)
    expect(forest.roots.length).toBe(5)
    const predicted = treePredictions(forest, matrix)
    for (let row = 0; row < matrix.rows; row += 1) {
      expect(predicted.subarray(3 * row, 3 * row + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    }
  })

  it('counts a class weight as the weight of its rows, and nothing as no row', async () => {
    const { matrix, labels } = smallTask()
    const classWeights = Float64Array.of(1, 3, 0)
    const byClass = await trainRandomForest(matrix, labels, { ...oneTree, classWeights, maxDepth: 3 })
    const sampleWeights = Float64Array.from(labels, (label) => classWeights[label]!)
    expect(await trainRandomForest(matrix, labels, { ...oneTree, sampleWeights, maxDepth: 3 })).toEqual(byClass)
    expect(byClass.cover[0]).toBe(sampleWeights.reduce((a, b) => a + b))
    const balanced = await trainRandomForest(matrix, labels, { ...oneTree, classWeights: 'balanced' })
    expect(balanced.cover[0]).toBeCloseTo(40, 4)
  })

  it('separates missing values', async () => {
    const values = Float32Array.of(1, Number.NaN, 2, Number.NaN, 3, 4)
    const labels = Int32Array.of(0, 1, 0, 1, 0, 0)
    const options = { ...oneTree, classes: 2, splitFeatures: 1 }
    const tree = await trainRandomForest({ rows: 6, columns: 1, values }, labels, options)
    const asked = { rows: 3, columns: 1, values: Float32Array.of(2.5, Number.NaN, 99) }
    expect([...treePredictions(tree, asked)]).toEqual([1, 0, 0, 1, 1, 0])
  })

  it('reports progress, stops when aborted, and names what it cannot use', async () => {
    const { matrix, labels } = smallTask()
    const seen: number[] = []
    await trainRandomForest(matrix, labels, oneTree, { onProgress: (part) => seen.push(part) })
    expect(seen.at(-1)).toBe(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(trainRandomForest(matrix, labels, oneTree, { signal })).rejects.toThrow('enough')
    await expect(trainRandomForest(matrix, labels, { ...oneTree, trees: 0 })).rejects.toThrow(/trees is 0/)
    await expect(trainRandomForest(matrix, labels, { ...oneTree, classes: 2 })).rejects.toThrow(/labels\[3\] is 2/)
    await expect(trainRandomForest(matrix, labels.slice(1), oneTree)).rejects.toThrow(/labels has 39 rows/)
    const infinite = { ...matrix, values: matrix.values.with(4, Number.POSITIVE_INFINITY) }
    await expect(trainRandomForest(infinite, labels, oneTree)).rejects.toThrow(/the value Infinity/)
    await expect(trainRandomForest({ ...matrix, rows: 39 }, labels.slice(1), oneTree)).rejects.toThrow(/not 39 x 3/)
  })
})

/** Summed Gini impurity of the rows after the best of all single splits; of the whole where none is allowed. */
function bruteForceImpurity(values: Float32Array, labels: Int32Array, minLeafRows: number): number {
  const rows = [...labels.keys()]
  const impurity = (side: number[]): number =>
    [0, 1, 2].reduce((sum, label) => {
      const share = side.filter((row) => labels[row] === label).length / Math.max(1, side.length)
      return sum + side.length * share * (1 - share)
    }, 0)
  let least = impurity(rows)
  for (let feature = 0; feature < 8; feature += 1) {
    for (const at of rows) {
      const threshold = values[at * 8 + feature]!
      const left = rows.filter((row) => values[row * 8 + feature]! <= threshold)
      const right = rows.filter((row) => values[row * 8 + feature]! > threshold)
      if (Math.min(left.length, right.length) < minLeafRows) continue
      least = Math.min(least, impurity(left) + impurity(right))
    }
  }
  return least
}
