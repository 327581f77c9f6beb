export interface AdamState {
  /** Steps that were taken. */
  readonly steps: number
  /** Running means of the gradients and of their squares, one array a weight. */
  readonly means: readonly Float32Array[]
  readonly squares: readonly Float32Array[]
}

const decayOfMean = 0.9
const decayOfSquare = 0.999
const epsilon = 1e-7

/**
 * Adam (Kingma and Ba 2015, algorithm 1 in the order of operations of its section 2) on arrays in main memory: one pass over
 * an array, where TensorFlow.js takes a dozen operations. An embedding moves in the rows of the batch alone, as the lazy
 * variants of other libraries do: the time of a step does not grow with the vocabulary.
 */
export class Adam {
  private steps: number
  private rate = 0
  private readonly learningRate: number
  private readonly means: readonly Float32Array[]
  private readonly squares: readonly Float32Array[]

  constructor(lengths: readonly number[], learningRate: number, state?: AdamState) {
    this.learningRate = learningRate
    this.steps = state?.steps ?? 0
    this.means = state?.means ?? lengths.map((length) => new Float32Array(length))
    this.squares = state?.squares ?? lengths.map((length) => new Float32Array(length))
  }

  get state(): AdamState {
    return { steps: this.steps, means: this.means, squares: this.squares }
  }

  /** Call before the updates of a step. */
  beginStep(): void {
    this.steps += 1
    this.rate = (this.learningRate * Math.sqrt(1 - decayOfSquare ** this.steps)) / (1 - decayOfMean ** this.steps)
  }

  /** Moves the weight `index` from element `from` on by the gradient, of which `length` elements begin at `at`. */
  update(
    index: number,
    values: Float32Array,
    gradient: Float32Array,
    part = { from: 0, at: 0, length: values.length },
  ) {
    const mean = this.means[index] as Float32Array
    const square = this.squares[index] as Float32Array
    const { rate } = this
    const end = part.from + part.length
    let at = part.at
    for (let element = part.from; element < end; element += 1) {
      const g = gradient[at++] as number
      const m = decayOfMean * (mean[element] as number) + (1 - decayOfMean) * g
      const v = decayOfSquare * (square[element] as number) + (1 - decayOfSquare) * g * g
      mean[element] = m
      square[element] = v
      values[element] = (values[element] as number) - (rate * m) / (Math.sqrt(v) + epsilon)
    }
  }
}
