import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { trainBoostedClassifier } from '../trees/boosting/train-boosted-trees.ts'
import { trainRandomForest } from '../trees/forest/train-random-forest.ts'
import { smallTask } from '../trees/testing/small-data.ts'
import { treeScores, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { TreeShap } from './tree-shap.ts'

/** The score when only the features of the set are known: an unknown one sends the row both ways by cover. */
function expectedScore(ensemble: TreeEnsemble, row: Float32Array, known: number, output: number): number {
  const { features, thresholds, left, right, missingLeft, cover, leafValues, leafWidth, outputs } = ensemble
  const valueOf = (node: number): number => {
    const feature = features[node]!
    if (feature < 0) return leafValues[left[node]! * leafWidth + (leafWidth === 1 ? 0 : output)]!
    const [first, second] = [left[node]!, right[node]!]
    if ((known >> feature) & 1) {
      const value = row[feature]!
      return valueOf(value <= thresholds[node]! || (Number.isNaN(value) && missingLeft[node] === 1) ? first : second)
    }
    return (cover[first]! * valueOf(first) + cover[second]! * valueOf(second)) / cover[node]!
  }
  let sum = 0
  ensemble.roots.forEach((root, tree) => {
    if (leafWidth > 1 || tree % outputs === output) sum += valueOf(root)
  })
  return ensemble.base[output]! + ensemble.scale * sum
}

/** Shapley values by their definition, over all subsets. */
function shapleyValues(ensemble: TreeEnsemble, row: Float32Array, output: number): number[] {
  const count = ensemble.featureCount
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const worth = Array.from({ length: 1 << count }, (_, known) => expectedScore(ensemble, row, known, output))
  return Array.from({ length: count }, (_, feature) => {
    let value = 0
    for (let known = 0; known < 1 << count; known += 1) {
      if ((known >> feature) & 1) continue
      const size = known.toString(2).replaceAll('0', '').length
      const share = (factorial(size) * factorial(count - size - 1)) / factorial(count)
      value += share * (worth[known | (1 << feature)]! - worth[known]!)
    }
    return value
  })
}

/** The greatest difference from Shapley values, from the expected score and from the whole score. */
function greatestError(ensemble: TreeEnsemble, row: Float32Array): number {
  const { base, contributions } = new TreeShap(ensemble).explain(row)
  const { outputs, featureCount } = ensemble
  const errors: number[] = []
  for (let output = 0; output < outputs; output += 1) {
    const own = Array.from({ length: featureCount }, (_, feature) => contributions[feature * outputs + output]!)
    const expected = shapleyValues(ensemble, row, output)
    errors.push(...own.map((value, feature) => Math.abs(value - expected[feature]!)))
    errors.push(Math.abs(base[output]! - expectedScore(ensemble, row, 0, output)))
    const score = expectedScore(ensemble, row, (1 << featureCount) - 1, output)
    errors.push(Math.abs(own.reduce((a, b) => a + b, base[output]!) - score))
  }
  return Math.max(...errors)
}

const tasks = fc
  .array(fc.array(fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constant(Number.NaN)), { minLength: 5, maxLength: 5 }), {
    minLength: 8,
    maxLength: 40,
  })
  .map((rows) => ({
    matrix: { rows: rows.length, columns: 5, values: Float32Array.from(rows.flat()) },
    labels: Int32Array.from(rows, (row, at) => (row[0]! + row[1]! * row[2]! > 1 ? 1 : 0) + (at % 4 === 0 ? 1 : 0)),
  }))

describe('TreeSHAP', () => {
  it('gives the Shapley values of forests, whose paths use features again', async () => {
    await fc.assert(
      fc.asyncProperty(tasks, async ({ matrix, labels }) => {
        const forest = await trainRandomForest(matrix, labels, { classes: 3, trees: 3, seed: 1 })
        expect(greatestError(forest, matrix.values.subarray(0, 5))).toBeLessThan(1e-9)
        expect(greatestError(forest, matrix.values.subarray(5, 10))).toBeLessThan(1e-9)
      }),
      { numRuns: 40 },
    )
  })

  it('gives the Shapley values of boosted trees for three classes and for two', async () => {
    await fc.assert(
      fc.asyncProperty(tasks, fc.constantFrom(2, 3), async ({ matrix, labels }, classes) => {
        const own = { classes, iterations: 4, minChildRows: 1, learningRate: 0.5, l2: 1, seed: 1 }
        const capped = labels.map((label) => Math.min(label, classes - 1))
        const { ensemble } = await trainBoostedClassifier(matrix, capped, own)
        expect(greatestError(ensemble, matrix.values.subarray(0, 5))).toBeLessThan(1e-9)
      }),
      { numRuns: 40 },
    )
  })

  it('adds up to the scores within 1e-6', async () => {
    const { matrix, labels } = smallTask()
    const forest = await trainRandomForest(matrix, labels, { classes: 3, trees: 40, seed: 2 })
    const scores = treeScores(forest, matrix)
    const shap = new TreeShap(forest)
    for (let row = 0; row < matrix.rows; row += 1) {
      const { base, contributions } = shap.explain(matrix.values.subarray(3 * row, 3 * row + 3))
      for (const output of [0, 1, 2]) {
        const sum = base[output]! + contributions[output]! + contributions[3 + output]! + contributions[6 + output]!
        expect(Math.abs(sum - scores[3 * row + output]!)).toBeLessThan(1e-6)
      }
    }
    expect(() => shap.explain(Float32Array.of(1))).toThrow(/row has 1 values, not 3/)
  })
})
