import { Dense } from './dense.ts'

export interface LstmLayerWeights {
  /** units x 4 units, gates in the order input, forget, cell, output. */
  readonly recurrent: Float32Array
  /** 4 units. */
  readonly bias: Float32Array
  readonly units: number
}

/** Runs a long short-term memory step by step; what the inputs contribute to the gates is the caller's. */
export class LstmLayer {
  /** State, and the largest value of each unit since `begin`. */
  readonly hidden: Float32Array
  readonly largest: Float32Array
  private readonly weights: LstmLayerWeights
  private readonly cells: Float32Array
  private readonly product: Dense

  constructor(weights: LstmLayerWeights) {
    this.weights = weights
    this.product = new Dense(weights.recurrent, 4 * weights.units)
    this.hidden = this.product.input
    this.largest = new Float32Array(weights.units)
    this.cells = new Float32Array(weights.units)
  }

  begin(): void {
    this.hidden.fill(0)
    this.cells.fill(0)
    this.largest.fill(-1)
  }

  /** `inputs` (4 units, from `at` on) is the product of the step's input with the kernel. */
  step(inputs: Float32Array, at = 0): void {
    const { hidden, cells, largest } = this
    const { bias, units } = this.weights
    const sums = this.product.output
    for (let gate = 0; gate < sums.length; gate += 1)
      sums[gate] = (bias[gate] as number) + (inputs[at + gate] as number)
    this.product.addProduct()
    for (let unit = 0; unit < units; unit += 1) {
      const input = sigmoid(sums[unit] as number)
      const forget = sigmoid(sums[units + unit] as number)
      const candidate = tanh(sums[2 * units + unit] as number)
      const output = sigmoid(sums[3 * units + unit] as number)
      const cell = forget * (cells[unit] as number) + input * candidate
      const state = output * tanh(cell)
      cells[unit] = cell
      hidden[unit] = state
      if (state > (largest[unit] as number)) largest[unit] = state
    }
  }

  /** A copy of everything that a step changes, to go on from later. */
  save(): LstmState {
    return { hidden: this.hidden.slice(), cells: this.cells.slice(), largest: this.largest.slice() }
  }

  restore(state: LstmState): void {
    this.hidden.set(state.hidden)
    this.cells.set(state.cells)
    this.largest.set(state.largest)
  }
}

export interface LstmState {
  readonly hidden: Float32Array
  readonly cells: Float32Array
  readonly largest: Float32Array
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
/** By the exponential: several times as fast as Math.tanh. */
const tanh = (x: number): number => 1 - 2 / (Math.exp(2 * x) + 1)
