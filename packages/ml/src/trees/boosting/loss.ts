import { argumentError } from '../../errors.ts'

/** A loss of scores (rows x outputs, row-major) against targets, to second order. */
export interface BoostingLoss {
  readonly outputs: number
  readonly link: 'identity' | 'logistic' | 'softmax'
  /** The constant scores that fit the rows best. */
  base(rows: Int32Array): Float64Array
  /** First and second derivative of each row's weighted loss by its score of that output. */
  derivatives(scores: Float64Array, output: number, rows: Int32Array, out: Derivatives): void
  /** Weighted mean over those rows. */
  mean(scores: Float64Array, rows: Int32Array): number
}

/** By row. */
export interface Derivatives {
  readonly gradients: Float64Array
  readonly hessians: Float64Array
}

/** Keeps the base of a class without a row finite. */
const leastShare = 1e-7

/** Half the squared error. */
export function squaredError(targets: Float64Array, weights: Float64Array): BoostingLoss {
  return {
    outputs: 1,
    link: 'identity',
    base: (rows) => Float64Array.of(weightedMean(rows, weights, (row) => targets[row] as number)),
    derivatives(scores, _output, rows, { gradients, hessians }) {
      for (const row of rows) {
        const weight = weights[row] as number
        gradients[row] = weight * ((scores[row] as number) - (targets[row] as number))
        hessians[row] = weight
      }
    },
    mean: (scores, rows) =>
      weightedMean(rows, weights, (row) => 0.5 * ((scores[row] as number) - (targets[row] as number)) ** 2),
  }
}

/** Log-loss of two classes; the score is the log-odds of class 1. */
export function binaryLogLoss(labels: Int32Array, weights: Float64Array): BoostingLoss {
  return {
    outputs: 1,
    link: 'logistic',
    base(rows) {
      const share = weightedMean(rows, weights, (row) => labels[row] as number)
      const inside = Math.min(1 - leastShare, Math.max(leastShare, share))
      return Float64Array.of(Math.log(inside / (1 - inside)))
    },
    derivatives(scores, _output, rows, { gradients, hessians }) {
      for (const row of rows) {
        const weight = weights[row] as number
        const probability = 1 / (1 + Math.exp(-(scores[row] as number)))
        gradients[row] = weight * (probability - (labels[row] as number))
        hessians[row] = weight * probability * (1 - probability)
      }
    },
    mean: (scores, rows) =>
      weightedMean(rows, weights, (row) => {
        const against = (labels[row] === 1 ? -1 : 1) * (scores[row] as number)
        return Math.max(0, against) + Math.log1p(Math.exp(-Math.abs(against)))
      }),
  }
}

/** Log-loss of more classes over the softmax of their scores, with the diagonal of its Hessian. */
export function softmaxLogLoss(labels: Int32Array, weights: Float64Array, classes: number): BoostingLoss {
  const logSum = (scores: Float64Array, row: number): number => {
    const own = scores.subarray(row * classes, (row + 1) * classes)
    let highest = Number.NEGATIVE_INFINITY
    for (const score of own) highest = Math.max(highest, score)
    let sum = 0
    for (const score of own) sum += Math.exp(score - highest)
    return highest + Math.log(sum)
  }
  return {
    outputs: classes,
    link: 'softmax',
    base: (rows) =>
      Float64Array.from({ length: classes }, (_, label) =>
        Math.log(
          Math.max(
            leastShare,
            weightedMean(rows, weights, (row) => (labels[row] === label ? 1 : 0)),
          ),
        ),
      ),
    derivatives(scores, output, rows, { gradients, hessians }) {
      for (const row of rows) {
        const weight = weights[row] as number
        const probability = Math.exp((scores[row * classes + output] as number) - logSum(scores, row))
        gradients[row] = weight * (probability - (labels[row] === output ? 1 : 0))
        hessians[row] = weight * probability * (1 - probability)
      }
    },
    mean: (scores, rows) =>
      weightedMean(
        rows,
        weights,
        (row) => logSum(scores, row) - (scores[row * classes + (labels[row] as number)] as number),
      ),
  }
}

function weightedMean(rows: Int32Array, weights: Float64Array, valueOf: (row: number) => number): number {
  let sum = 0
  let total = 0
  for (const row of rows) {
    const weight = weights[row] as number
    sum += weight * valueOf(row)
    total += weight
  }
  if (!(total > 0)) throw argumentError('weights', 'are all 0')
  return sum / total
}
