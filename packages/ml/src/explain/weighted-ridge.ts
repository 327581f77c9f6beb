import { argumentError } from '../errors.ts'
import { LeastSquares } from '../linalg/least-squares.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'

export interface RidgeProblem {
  /** samples x features, row-major. */
  readonly rows: Float32Array
  readonly features: number
  /** samples x outputs, row-major. */
  readonly targets: Float32Array
  readonly outputs: number
  /** By sample, positive. */
  readonly weights: Float32Array
  /** Positive; not applied to the intercept. */
  readonly ridge: number
}

export interface RidgeSolution {
  /** features x outputs, row-major. */
  readonly coefficients: Float64Array
  readonly intercepts: Float64Array
  /** By output: 1 - weighted residual squares / weighted squares around the weighted mean; 1 where both are 0. */
  readonly r2: Float64Array
}

const blockRows = 512

/**
 * Weighted ridge regression with an intercept, by the normal equations of rows centred at their weighted mean. Work grows
 * with `samples x features^2`. Rejects with the signal's reason once aborted. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function solveWeightedRidge(problem: RidgeProblem, control: TrainingControl = {}): Promise<RidgeSolution> {
  const { rows, features, targets, outputs, weights, ridge } = problem
  if (!(ridge > 0)) throw argumentError('ridge', `is ${ridge}, not positive`)
  const pacer = createPacer(control)
  const rowMeans = weightedMeans(rows, features, weights)
  const targetMeans = weightedMeans(targets, outputs, weights)
  const system = new LeastSquares(features)
  system.begin(new Float64Array(features * features), 0, ridge)
  const rightSides = new Float64Array(outputs * features)
  const centred = new Float32Array(blockRows * features)
  const items = Int32Array.from({ length: blockRows }, (_, row) => row)
  for (let from = 0; from < weights.length; from += blockRows) {
    if (pacer.due()) await pacer.pause(from / weights.length)
    const count = Math.min(blockRows, weights.length - from)
    for (let slot = 0; slot < count; slot += 1) {
      const at = (from + slot) * features
      for (let feature = 0; feature < features; feature += 1) {
        centred[slot * features + feature] = (rows[at + feature] as number) - (rowMeans[feature] as number)
      }
    }
    system.add(centred, { items, weights: weights.subarray(from, from + count) }, 0, count)
    addRightSides(rightSides, centred, { problem, targetMeans, from, count })
  }
  system.factor()
  const coefficients = new Float64Array(features * outputs)
  const intercepts = new Float64Array(outputs)
  for (let output = 0; output < outputs; output += 1) {
    system.vector.fill(0)
    system.vector.set(rightSides.subarray(output * features, (output + 1) * features))
    system.solve()
    let intercept = targetMeans[output] as number
    for (let feature = 0; feature < features; feature += 1) {
      const coefficient = system.vector[feature] as number
      coefficients[feature * outputs + output] = coefficient
      intercept -= coefficient * (rowMeans[feature] as number)
    }
    intercepts[output] = intercept
  }
  return { coefficients, intercepts, r2: explainedShare(problem, { coefficients, intercepts }, targetMeans) }
}

function addRightSides(
  rightSides: Float64Array,
  centred: Float32Array,
  block: {
    readonly problem: RidgeProblem
    readonly targetMeans: Float64Array
    readonly from: number
    readonly count: number
  },
): void {
  const { features, outputs, targets, weights } = block.problem
  for (let slot = 0; slot < block.count; slot += 1) {
    const sample = block.from + slot
    for (let output = 0; output < outputs; output += 1) {
      const target = (targets[sample * outputs + output] as number) - (block.targetMeans[output] as number)
      const weighted = (weights[sample] as number) * target
      const at = output * features
      for (let feature = 0; feature < features; feature += 1) {
        rightSides[at + feature] =
          (rightSides[at + feature] as number) + weighted * (centred[slot * features + feature] as number)
      }
    }
  }
}

function weightedMeans(rows: Float32Array, columns: number, weights: Float32Array): Float64Array {
  const means = new Float64Array(columns)
  let total = 0
  weights.forEach((weight, row) => {
    total += weight
    for (let column = 0; column < columns; column += 1) {
      means[column] = (means[column] as number) + weight * (rows[row * columns + column] as number)
    }
  })
  return means.map((sum) => sum / total)
}

function explainedShare(
  { rows, features, targets, outputs, weights }: RidgeProblem,
  { coefficients, intercepts }: Omit<RidgeSolution, 'r2'>,
  targetMeans: Float64Array,
): Float64Array {
  const residual = new Float64Array(outputs)
  const total = new Float64Array(outputs)
  const predicted = new Float64Array(outputs)
  weights.forEach((weight, sample) => {
    predicted.set(intercepts)
    for (let feature = 0; feature < features; feature += 1) {
      const value = rows[sample * features + feature] as number
      if (value === 0) continue
      for (let output = 0; output < outputs; output += 1) {
        predicted[output] = (predicted[output] as number) + value * (coefficients[feature * outputs + output] as number)
      }
    }
    for (let output = 0; output < outputs; output += 1) {
      const target = targets[sample * outputs + output] as number
      residual[output] = (residual[output] as number) + weight * (target - (predicted[output] as number)) ** 2
      total[output] = (total[output] as number) + weight * (target - (targetMeans[output] as number)) ** 2
    }
  })
  return residual.map((squares, output) =>
    (total[output] as number) === 0 ? 1 : 1 - squares / (total[output] as number),
  )
}
