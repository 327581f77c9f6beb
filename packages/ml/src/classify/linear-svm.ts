import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { argumentError } from '../errors.ts'
import { rowNorms, type CsrMatrix } from '../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { emptyLinearModel, writeColumn, type LinearModel } from './linear-model.ts'
import { exampleWeights, type ClassifierOptions } from './training-examples.ts'

export interface LinearSvmOptions extends ClassifierOptions {
  /** Cost of the losses against the norm of the weights. Default 1. */
  readonly cost?: number
  /** Largest spread of the projected gradients at the end. Default 1e-4. */
  readonly tolerance?: number
  /** Passes over the examples at most, by class. Default 1,000. */
  readonly maxEpochs?: number
  /** Orders the examples. Default 1. */
  readonly seed?: number
}

/** Rows between two looks at the clock. */
const rowsPerLook = 64

/**
 * Linear support vector machine, one class against the rest: minimises `|w|^2 / 2 + cost * sum of weight_i max(0, 1 - y_i
 * (w . x_i + b))^2`, the bias being the weight of a feature that is always 1, by dual coordinate descent with shrinking
 * and random permutation (Hsieh et al. 2008, algorithm 3, L2 loss), as liblinear and scikit-learn's LinearSVC. Two classes
 * take one machine: the score of class 0 is minus that of class 1. An example's weight has effect in the machines of all
 * classes. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function trainLinearSvm(
  rows: CsrMatrix,
  labels: Int32Array,
  options: LinearSvmOptions,
  control: TrainingControl = {},
): Promise<LinearModel> {
  const { classes, cost = 1, tolerance = 1e-4, maxEpochs = 1000, seed = 1 } = options
  for (const [name, value] of Object.entries({ cost, tolerance, maxEpochs })) {
    if (!(value > 0)) throw argumentError(name, `is ${value}, not positive`)
  }
  const weights = exampleWeights(rows, labels, options)
  const model = emptyLinearModel(classes, rows.columns)
  const machines = classes === 2 ? [1] : Array.from({ length: classes }, (_, label) => label)
  const norms = rowNorms(rows)
  const pacer = createPacer(control)
  for (const [at, label] of machines.entries()) {
    const machine = new DualMachine({ rows, labels, norms, weights }, { label, cost, seed: seed + at })
    for (let epoch = 0; epoch < maxEpochs && !machine.hasConverged(tolerance); epoch += 1) {
      machine.beginEpoch()
      while (machine.step(rowsPerLook)) {
        if (pacer.due()) await pacer.pause((at + epoch / (epoch + 10)) / machines.length)
      }
    }
    if (!machine.hasConverged(tolerance)) {
      control.log?.warn({ label, maxEpochs }, 'the linear support vector machine has not converged')
    }
    writeColumn(model, label, machine)
    if (classes === 2) writeColumn(model, 0, { weights: machine.weights, bias: machine.bias, scale: -1 })
  }
  control.onProgress?.(1)
  return model
}

interface Examples {
  readonly rows: CsrMatrix
  readonly labels: Int32Array
  /** Euclidean length by row. */
  readonly norms: Float64Array
  readonly weights: Float64Array
}

/** One binary problem: the dual variables, the weights that follow from them, and the examples not shrunk away. */
class DualMachine {
  readonly weights: Float64Array
  bias = 0
  private readonly rows: CsrMatrix
  /** +1 or -1. */
  private readonly signs: Int8Array
  private readonly alpha: Float64Array
  /** `1 / (2 cost)` by row: what the squared loss adds to the diagonal of the dual problem. */
  private readonly ridge: Float64Array
  /** The diagonal of the dual problem. */
  private readonly diagonal: Float64Array
  private readonly order: Int32Array
  private readonly random: ReturnType<typeof xoroshiro128plus>
  private active: number
  private position = 0
  private largest = Infinity
  private smallest = -Infinity
  private shrinkAbove = Infinity
  private started = false

  constructor(
    { rows, labels, norms, weights }: Examples,
    { label, cost, seed }: { readonly label: number; readonly cost: number; readonly seed: number },
  ) {
    this.rows = rows
    this.weights = new Float64Array(rows.columns)
    this.signs = Int8Array.from(labels, (given) => (given === label ? 1 : -1))
    this.alpha = new Float64Array(rows.rows)
    this.ridge = weights.map((weight) => 0.5 / (cost * weight))
    this.diagonal = norms.map((norm, row) => norm * norm + 1 + (this.ridge[row] as number))
    // An example without weight has no part in the problem.
    this.order = Int32Array.from(weights.keys()).filter((row) => (weights[row] as number) > 0)
    this.active = this.order.length
    this.random = xoroshiro128plus(seed)
  }

  /** Whether the last epoch went over all examples and left no gradient beyond the tolerance; wakes the shrunk otherwise. */
  hasConverged(tolerance: number): boolean {
    if (!this.started || this.largest - this.smallest > tolerance) return false
    if (this.active === this.order.length) return true
    this.active = this.order.length
    this.largest = Infinity
    return false
  }

  beginEpoch(): void {
    const { order, active } = this
    this.shrinkAbove = this.largest > 0 ? this.largest : Infinity
    this.largest = -Infinity
    this.smallest = Infinity
    this.position = 0
    this.started = true
    for (let at = 0; at < active - 1; at += 1) swap(order, at, uniformInt(this.random, at, active - 1))
  }

  /** Goes over the next `count` active examples; false when none is left in this epoch. */
  step(count: number): boolean {
    for (let done = 0; done < count && this.position < this.active; done += 1) {
      const row = this.order[this.position] as number
      const alpha = this.alpha[row] as number
      const gradient = (this.signs[row] as number) * this.decision(row) - 1 + alpha * (this.ridge[row] as number)
      if (alpha === 0 && gradient > this.shrinkAbove) {
        this.active -= 1
        swap(this.order, this.position, this.active)
        continue
      }
      this.position += 1
      const projected = alpha === 0 ? Math.min(gradient, 0) : gradient
      this.largest = Math.max(this.largest, projected)
      this.smallest = Math.min(this.smallest, projected)
      if (Math.abs(projected) > 1e-12) this.move(row, Math.max(alpha - gradient / (this.diagonal[row] as number), 0))
    }
    return this.position < this.active
  }

  private decision(row: number): number {
    const { indices, values, starts } = this.rows
    const { weights } = this
    let sum = this.bias
    const end = starts[row + 1] as number
    for (let entry = starts[row] as number; entry < end; entry += 1) {
      sum += (weights[indices[entry] as number] as number) * (values[entry] as number)
    }
    return sum
  }

  private move(row: number, alpha: number): void {
    const { indices, values, starts } = this.rows
    const { weights } = this
    const step = (alpha - (this.alpha[row] as number)) * (this.signs[row] as number)
    this.alpha[row] = alpha
    this.bias += step
    const end = starts[row + 1] as number
    for (let entry = starts[row] as number; entry < end; entry += 1) {
      const column = indices[entry] as number
      weights[column] = (weights[column] as number) + step * (values[entry] as number)
    }
  }
}

function swap(order: Int32Array, a: number, b: number): void {
  const kept = order[a] as number
  order[a] = order[b] as number
  order[b] = kept
}
