import * as tf from '@tensorflow/tfjs'
import { differentiable } from './differentiable.ts'
import { productOfTransposed, productWithTransposed } from './products.ts'
import { computeSteps, type StepOperations } from './step-operations.ts'

/** A layer's weights, gates in the order input, forget, cell, output (that of Keras). */
export interface LstmWeights {
  /** inputs x 4 units. */
  readonly kernel: tf.Tensor2D
  /** units x 4 units. */
  readonly recurrent: tf.Tensor2D
  /** 4 units. */
  readonly bias: tf.Tensor1D
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) over whole sequences:
 * steps x batch x inputs in, the states of all steps (steps x batch x units) out, beginning from zeros. One operation of the
 * gradient tape: what does not depend on the step before is one product for all steps, and back-propagation through time is
 * written out below.
 */
export function lstmSequence(x: tf.Tensor3D, { kernel, recurrent, bias }: LstmWeights): tf.Tensor3D {
  const [steps, batch, inputs] = x.shape
  const units = recurrent.shape[0]
  return differentiable([x, kernel, recurrent, bias], (save) => {
    const ofInputs = tf.matMul(x.reshape<tf.Tensor2D>([steps * batch, inputs]), kernel).add(bias)
    const states = computeSteps(
      [ofInputs.reshape([steps, batch, 4 * units]), recurrent],
      (operations, [sums, weights]) =>
        forwardSteps(operations, sums as NonNullable<typeof sums>, weights as NonNullable<typeof weights>, steps),
    )
    save([x, kernel, recurrent, ...states])
    return { value: states[0] as tf.Tensor3D, gradFunc: backward }
  })
}

/** States, activated gates (that of the cell as a sigmoid, which nobody needs), candidates, cells and their tanh, of all steps. */
function forwardSteps<M>(operations: StepOperations<M>, ofInputs: M, recurrent: M, steps: number): M[] {
  const { add, multiply, product, quarters, sigmoid, stack, tanh, unstack } = operations
  const hidden: M[] = []
  const gates: M[] = []
  const candidates: M[] = []
  const cells: M[] = []
  const cellOutputs: M[] = []
  for (const [step, ofInput] of unstack(ofInputs, steps).entries()) {
    const before = hidden[step - 1]
    const cellBefore = cells[step - 1]
    const sums = before === undefined ? ofInput : add(ofInput, product(before, recurrent))
    const activated = sigmoid(sums)
    const [input, forget, , output] = quarters(activated)
    const candidate = tanh(quarters(sums)[2])
    const added = multiply(input, candidate)
    const cell = cellBefore === undefined ? added : add(added, multiply(forget, cellBefore))
    const cellOutput = tanh(cell)
    hidden.push(multiply(output, cellOutput))
    gates.push(activated)
    candidates.push(candidate)
    cells.push(cell)
    cellOutputs.push(cellOutput)
  }
  return [hidden, gates, candidates, cells, cellOutputs].map(stack)
}

/**
 * With `dz` the gradient of a step's sums, `dh` and `dc` those of its state and cell: `dc = dh o (1 - tanh(c)^2) + dc' f'`,
 * `dz = (dc, dc, dc, dh) * slopes`, and `dh` of the step before is `dz recurrent^T`. The slopes are known for all steps
 * beforehand, the gradients of the weights follow from all `dz` at once.
 */
function backward(dy: tf.Tensor3D, saved: tf.Tensor[]): tf.Tensor[] {
  const [x, kernel, recurrent, hidden, gates, g, cells, cellOutputs] = saved as Saved
  const [steps, batch, inputs] = x.shape
  const units = recurrent.shape[0]
  const [i, f, , o] = tf.split(gates, 4, 2) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D]
  const ofInput = tf.mul(g, slopeOfSigmoid(i))
  const ofForget = tf.mul(shiftByOneStep(cells), slopeOfSigmoid(f))
  const slopes = tf.concat([ofInput, ofForget, tf.mul(i, slopeOfTanh(g)), tf.mul(cellOutputs, slopeOfSigmoid(o))], 2)
  const cellSlopes = tf.mul(o, slopeOfTanh(cellOutputs))
  const [stacked] = computeSteps([dy, slopes, cellSlopes, f, recurrent.transpose()], (operations, operands) =>
    backwardSteps(operations, operands, steps),
  )
  const dz = (stacked as tf.Tensor).reshape<tf.Tensor2D>([steps * batch, 4 * units])
  const flat = (tensor: tf.Tensor3D, width: number): tf.Tensor2D => tensor.reshape([steps * batch, width])
  return [
    productWithTransposed(dz, kernel).reshape([steps, batch, inputs]),
    productOfTransposed(flat(x, inputs), dz),
    productOfTransposed(flat(shiftByOneStep(hidden), units), dz),
    tf.sum(dz, 0),
  ]
}

type Saved = [
  x: tf.Tensor3D,
  kernel: tf.Tensor2D,
  recurrent: tf.Tensor2D,
  hidden: tf.Tensor3D,
  gates: tf.Tensor3D,
  candidates: tf.Tensor3D,
  cells: tf.Tensor3D,
  cellOutputs: tf.Tensor3D,
]

function backwardSteps<M>(operations: StepOperations<M>, operands: readonly M[], steps: number): M[] {
  const { add, join, multiply, product, stack, unstack } = operations
  const [dy, slopes, cellSlopes, forget] = operands.slice(0, 4).map((operand) => unstack(operand, steps)) as [
    M[],
    M[],
    M[],
    M[],
  ]
  const transposed = operands[4] as M
  const gradients: M[] = Array.from({ length: steps })
  let fromNext: { readonly dh: M; readonly dc: M } | undefined
  for (let step = steps - 1; step >= 0; step -= 1) {
    const own = dy[step] as M
    const dh = fromNext === undefined ? own : add(own, fromNext.dh)
    const ofOutput = multiply(dh, cellSlopes[step] as M)
    const dc = fromNext === undefined ? ofOutput : add(ofOutput, fromNext.dc)
    const dz = multiply(join([dc, dc, dc, dh]), slopes[step] as M)
    gradients[step] = dz
    if (step > 0) fromNext = { dh: product(dz, transposed), dc: multiply(dc, forget[step] as M) }
  }
  return [stack(gradients)]
}

/** The states that each step began from: zeros, then those of the step before. */
function shiftByOneStep(states: tf.Tensor3D): tf.Tensor3D {
  const [steps, batch, units] = states.shape
  return tf.concat3d([tf.zeros([1, batch, units]), states.slice([0, 0, 0], [steps - 1, batch, units])], 0)
}

/** Slopes by the activated values. */
const slopeOfSigmoid = (value: tf.Tensor3D): tf.Tensor3D => tf.sub(value, tf.square(value))
const slopeOfTanh = (value: tf.Tensor3D): tf.Tensor3D => tf.sub(1, tf.square(value))
