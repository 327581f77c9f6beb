import { argumentError } from '../errors.ts'
import { checkMatrix, RowReader, type FeatureMatrix } from './feature-matrix.ts'

/**
 * Decision trees as flat arrays. Node `n` with `features[n] >= 0` sends a row to `left[n]` when its value of that feature is
 * `<= thresholds[n]`, or is missing (NaN) and `missingLeft[n]` is 1, else to `right[n]`; children have higher numbers than
 * their parent. A node with `features[n] === -1` is a leaf whose values start at `left[n] * leafWidth` of `leafValues`.
 * A score is `base + scale * sum over the trees`.
 */
export interface TreeEnsemble {
  readonly featureCount: number
  readonly outputs: number
  /** `outputs`, or 1 where tree `t` adds to output `t % outputs` alone. */
  readonly leafWidth: number
  /** What `treePredictions` makes of the scores. */
  readonly link: 'identity' | 'logistic' | 'softmax'
  readonly scale: number
  /** By output. */
  readonly base: Float64Array
  /** The root of every tree. */
  readonly roots: Int32Array
  readonly features: Int32Array
  readonly thresholds: Float32Array
  readonly left: Int32Array
  readonly right: Int32Array
  readonly missingLeft: Uint8Array
  /** Weight of the training rows that came by. */
  readonly cover: Float32Array
  readonly leafValues: Float32Array
}

/** Scores before the link: rows x outputs, row-major. Throws RPT_ML_ARGUMENT_INVALID on other columns than the training had. */
export function treeScores(ensemble: TreeEnsemble, matrix: FeatureMatrix): Float32Array {
  checkMatrix(matrix)
  if (matrix.columns !== ensemble.featureCount) {
    throw argumentError('matrix', `has ${matrix.columns} columns, not ${ensemble.featureCount}`)
  }
  const { outputs, base, scale } = ensemble
  const reader = new RowReader(matrix)
  const scores = new Float32Array(matrix.rows * outputs)
  const sums = new Float64Array(outputs)
  for (let row = 0; row < matrix.rows; row += 1) {
    sums.fill(0)
    addTrees(ensemble, reader.read(row), sums)
    for (let output = 0; output < outputs; output += 1) {
      scores[row * outputs + output] = (base[output] as number) + scale * (sums[output] as number)
    }
  }
  return scores
}

/**
 * What the model predicts, rows x columns, row-major: for classifiers the probability of every class (two columns for two
 * classes), for regressions the value. Throws as `treeScores`.
 */
export function treePredictions(ensemble: TreeEnsemble, matrix: FeatureMatrix): Float32Array {
  const scores = treeScores(ensemble, matrix)
  const { link, outputs } = ensemble
  if (link === 'identity') return scores
  if (link === 'logistic') {
    const probabilities = new Float32Array(2 * scores.length)
    scores.forEach((score, row) => {
      probabilities[2 * row] = 1 / (1 + Math.exp(score))
      probabilities[2 * row + 1] = 1 / (1 + Math.exp(-score))
    })
    return probabilities
  }
  for (let at = 0; at < scores.length; at += outputs) {
    const row = scores.subarray(at, at + outputs)
    const highest = row.reduce((a, b) => Math.max(a, b))
    const sum = row.reduce((total, score) => total + Math.exp(score - highest), 0)
    for (let output = 0; output < outputs; output += 1) row[output] = Math.exp((row[output] as number) - highest) / sum
  }
  return scores
}

/** The leaf node that the row comes to. */
export function leafOf(ensemble: TreeEnsemble, root: number, row: Float32Array): number {
  const { features, thresholds, left, right, missingLeft } = ensemble
  let node = root
  for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
    const value = row[feature] as number
    const goesLeft = value <= (thresholds[node] as number) || (value !== value && missingLeft[node] === 1)
    node = (goesLeft ? left[node] : right[node]) as number
  }
  return node
}

function addTrees(ensemble: TreeEnsemble, row: Float32Array, sums: Float64Array): void {
  const { roots, left, leafWidth, leafValues, outputs } = ensemble
  for (let tree = 0; tree < roots.length; tree += 1) {
    const at = (left[leafOf(ensemble, roots[tree] as number, row)] as number) * leafWidth
    if (leafWidth === 1) {
      const output = tree % outputs
      sums[output] = (sums[output] as number) + (leafValues[at] as number)
    } else {
      for (let output = 0; output < outputs; output += 1) {
        sums[output] = (sums[output] as number) + (leafValues[at + output] as number)
      }
    }
  }
}
