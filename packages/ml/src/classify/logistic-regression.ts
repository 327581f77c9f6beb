import { argumentError } from '../errors.ts'
import { minimise, type Objective } from '../optimise/lbfgs.ts'
import type { CsrMatrix } from '../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { emptyLinearModel, type LinearModel } from './linear-model.ts'
import { addOuterProduct, addRowProducts } from './row-products.ts'
import { exampleWeights, type ClassifierOptions } from './training-examples.ts'

export interface LogisticRegressionOptions extends ClassifierOptions {
  /** Cost of the losses against the penalty. Default 1. */
  readonly cost?: number
  /** `l2` (default): half the squared norm of the weights; `l1`: the sum of their absolute values. Never of the bias. */
  readonly penalty?: 'l1' | 'l2'
  /** Largest entry of the gradient of the mean loss, penalty included, at the end. Default 1e-5. */
  readonly tolerance?: number
  /** Default 500. */
  readonly maxIterations?: number
}

/** Steps that the optimiser remembers; each takes 8 bytes for every weight. */
const memory = 8
const rowsPerLook = 64

/**
 * Logistic regression, of more than two classes by the softmax of their scores: minimises `penalty(w) + cost * sum of
 * weight_i * loss_i`, as scikit-learn's LogisticRegression, by L-BFGS or, with the l1 penalty, OWL-QN (see `minimise`). The
 * softmax of a row's scores is its distribution also of two classes, whose scores are plus and minus half the decision.
 * Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function trainLogisticRegression(
  rows: CsrMatrix,
  labels: Int32Array,
  options: LogisticRegressionOptions,
  control: TrainingControl = {},
): Promise<LinearModel> {
  const { classes, cost = 1, penalty = 'l2', tolerance = 1e-5, maxIterations = 500 } = options
  for (const [name, value] of Object.entries({ cost, tolerance, maxIterations })) {
    if (!(value > 0)) throw argumentError(name, `is ${value}, not positive`)
  }
  const weights = exampleWeights(rows, labels, options)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  for (let row = 0; row < weights.length; row += 1) weights[row] = (weights[row] as number) / total
  const scores = classes === 2 ? 1 : classes
  const count = rows.columns * scores
  const strength = 1 / (cost * total)
  const loss = new MeanLoss({ rows, labels, weights, scores, ridge: penalty === 'l2' ? strength : 0 }, control)
  const objective = penalty === 'l2' ? loss : Object.assign(loss, { l1: { weight: strength, count } })
  const variables = new Float64Array(count + scores)
  const hasConverged = await minimise(objective, variables, {
    tolerance,
    maxIterations,
    memory,
    curvatures: loss.firstCurvatures(),
    onIteration: (largest) => loss.report(largest, tolerance),
  })
  if (!hasConverged) control.log?.warn({ maxIterations }, 'the logistic regression has not reached its tolerance')
  control.onProgress?.(1)
  return toModel(variables, classes, rows.columns)
}

function toModel(variables: Float64Array, classes: number, features: number): LinearModel {
  const model = emptyLinearModel(classes, features)
  const count = features * classes
  if (classes > 2) {
    model.weights.set(variables.subarray(0, count))
    model.bias.set(variables.subarray(count))
    return model
  }
  for (let feature = 0; feature <= features; feature += 1) {
    const half = (variables[feature] as number) / 2
    const [target, at] = feature < features ? [model.weights, 2 * feature] : [model.bias, 0]
    target[at] = -half
    target[at + 1] = half
  }
  return model
}

interface Problem {
  readonly rows: CsrMatrix
  readonly labels: Int32Array
  /** By row; their sum is 1. */
  readonly weights: Float64Array
  /** Scores of a row: one for each class, or that of class 1 alone. */
  readonly scores: number
  /** Strength of the squared norm. */
  readonly ridge: number
}

/** Mean logistic loss and half the ridge; variables are features x scores, then the biases. */
class MeanLoss implements Objective {
  private readonly problem: Problem
  private readonly control: TrainingControl
  private readonly pacer: ReturnType<typeof createPacer>
  private readonly sums: Float64Array
  private fraction = 0
  private first = 0

  constructor(problem: Problem, control: TrainingControl) {
    this.problem = problem
    this.control = control
    this.pacer = createPacer(control)
    this.sums = new Float64Array(problem.scores)
  }

  /** The gradient's way from its first size to the tolerance, by orders of magnitude. */
  report(largest: number, tolerance: number): void {
    if (this.first === 0) this.first = largest
    const done = Math.log(this.first / largest) / Math.log(this.first / tolerance)
    this.fraction = Math.max(this.fraction, Math.min(done, 0.99) || 0)
    this.control.onProgress?.(this.fraction)
  }

  /** Second derivatives by each variable where all scores are equal, as at the start. */
  firstCurvatures(): Float64Array {
    const { rows, weights, scores, ridge } = this.problem
    const spread = scores === 1 ? 1 / 4 : (1 - 1 / scores) / scores
    const squares = new Float64Array(rows.columns + 1)
    for (let row = 0; row < rows.rows; row += 1) {
      const weight = spread * (weights[row] as number)
      squares[rows.columns] = (squares[rows.columns] as number) + weight
      const end = rows.starts[row + 1] as number
      for (let entry = rows.starts[row] as number; entry < end; entry += 1) {
        const column = rows.indices[entry] as number
        squares[column] = (squares[column] as number) + weight * (rows.values[entry] as number) ** 2
      }
    }
    const curvatures = new Float64Array(squares.length * scores)
    for (let at = 0; at < curvatures.length; at += 1) {
      const column = Math.floor(at / scores)
      const own = (squares[column] as number) + (column < rows.columns ? ridge : 0)
      curvatures[at] = Math.max(own, Number.EPSILON)
    }
    return curvatures
  }

  async evaluate(variables: Float64Array, gradient: Float64Array): Promise<number> {
    const { rows, weights, scores, ridge } = this.problem
    const count = rows.columns * scores
    let value = 0
    for (let at = 0; at < count; at += 1) {
      const variable = variables[at] as number
      value += variable * variable
      gradient[at] = ridge * variable
    }
    value *= ridge / 2
    gradient.fill(0, count)
    for (let row = 0; row < rows.rows; row += 1) {
      if (row % rowsPerLook === 0 && this.pacer.due()) await this.pacer.pause(this.fraction)
      const weight = weights[row] as number
      if (weight === 0) continue
      this.score(row, variables)
      value += weight * (scores === 1 ? this.binaryLoss(row) : this.softmaxLoss(row))
      this.addGradient(row, weight, gradient)
    }
    return value
  }

  private score(row: number, variables: Float64Array): void {
    const { rows, scores } = this.problem
    this.sums.set(variables.subarray(rows.columns * scores))
    addRowProducts(rows, row, variables, this.sums)
  }

  /** Turns the score into the loss's derivative by it. */
  private binaryLoss(row: number): number {
    const margin = this.sums[0] as number
    const isOne = this.problem.labels[row] === 1
    const towards = isOne ? margin : -margin
    const small = Math.exp(-Math.abs(towards))
    const wrong = towards > 0 ? small / (1 + small) : 1 / (1 + small)
    this.sums[0] = isOne ? -wrong : wrong
    return Math.log1p(small) + Math.max(0, -towards)
  }

  /** Turns the scores into the loss's derivatives by them: the distribution less the label's 1. */
  private softmaxLoss(row: number): number {
    const { sums } = this
    const label = this.problem.labels[row] as number
    let highest = -Infinity
    for (let score = 0; score < sums.length; score += 1) highest = Math.max(highest, sums[score] as number)
    const own = (sums[label] as number) - highest
    let total = 0
    for (let score = 0; score < sums.length; score += 1) {
      const exponential = Math.exp((sums[score] as number) - highest)
      sums[score] = exponential
      total += exponential
    }
    for (let score = 0; score < sums.length; score += 1) sums[score] = (sums[score] as number) / total
    sums[label] = (sums[label] as number) - 1
    return Math.log(total) - own
  }

  private addGradient(row: number, weight: number, gradient: Float64Array): void {
    const { sums } = this
    const { rows, scores } = this.problem
    const biases = rows.columns * scores
    for (let score = 0; score < scores; score += 1) {
      const derivative = weight * (sums[score] as number)
      sums[score] = derivative
      gradient[biases + score] = (gradient[biases + score] as number) + derivative
    }
    addOuterProduct(rows, row, sums, gradient)
  }
}
