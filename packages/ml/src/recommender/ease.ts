import { argumentError } from '../errors.ts'
import { SymmetricMatrix, symmetricMatrixBytes } from '../linalg/symmetric-inverse.ts'
import { TopK } from '../ranking/top-k.ts'
import { csrBytes, transposeCsr, type CsrMatrix } from '../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import type { DenseLinearModel, SparseLinearModel } from './scorer-model.ts'

export interface EaseParameters {
  /** Ridge on the item-to-item weights. */
  readonly lambda: number
}

/** The dense matrix of more items does not fit the 4 GiB that the vector kernel reaches, whatever the machine has. */
export const maxEaseItems = 23_000

/**
 * EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8): with `P = (X^T X + lambda I)^-1` of users x
 * items `X`, the weights are `B_ij = -P_ij / P_jj` off the diagonal and 0 on it. Work and memory are those of a dense items x
 * items matrix: ask `estimateEaseBytes` first. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function trainEase(
  interactions: CsrMatrix,
  parameters: EaseParameters,
  control: TrainingControl = {},
): Promise<DenseLinearModel> {
  if (!(parameters.lambda > 0)) throw argumentError('lambda', `is ${parameters.lambda}, not positive`)
  const items = interactions.columns
  if (items > maxEaseItems) throw argumentError('interactions', `has ${items} items, more than ${maxEaseItems}`)
  const matrix = new SymmetricMatrix(items)
  await addGram(matrix, interactions, { ...control, onProgress: (part) => control.onProgress?.(0.1 * part) })
  for (let item = 0; item < items; item += 1) {
    const at = item * matrix.stride + item
    matrix.data[at] = (matrix.data[at] as number) + parameters.lambda
  }
  await matrix.invert({ ...control, onProgress: (part) => control.onProgress?.(0.1 + 0.9 * part) })
  control.onProgress?.(1)
  return { algorithm: 'ease-dense', itemCount: items, parameters: { ...parameters }, weights: toWeights(matrix) }
}

/**
 * Peak bytes of `trainEase` on users x items with that many entries, its input and result counted; infinite beyond
 * `maxEaseItems`.
 */
export function estimateEaseBytes(shape: {
  readonly users: number
  readonly items: number
  readonly entries: number
}): number {
  if (shape.items > maxEaseItems) return Number.POSITIVE_INFINITY
  return csrBytes(shape.users, shape.entries) + symmetricMatrixBytes(shape.items) + 4 * shape.items ** 2
}

/**
 * The serving form: for every item only its `kept` weights of largest magnitude among those it gets from other items. What
 * that loses shows when both forms are evaluated.
 */
export function pruneEase(model: DenseLinearModel, kept: number): SparseLinearModel {
  const { itemCount, weights } = model
  const best = new TopK(kept)
  const starts = new Int32Array(itemCount + 1)
  const indices = new Int32Array(itemCount * Math.min(kept, itemCount))
  const values = new Float32Array(indices.length)
  let used = 0
  for (let target = 0; target < itemCount; target += 1) {
    best.reset()
    for (let source = 0; source < itemCount; source += 1) {
      const weight = weights[source * itemCount + target] as number
      if (weight !== 0) best.offer(source, Math.abs(weight))
    }
    const sources = best.items.subarray(0, best.finish()).sort()
    for (const source of sources) {
      indices[used] = source
      values[used] = weights[source * itemCount + target] as number
      used += 1
    }
    starts[target + 1] = used
  }
  const byTarget = {
    rows: itemCount,
    columns: itemCount,
    starts,
    indices: indices.slice(0, used),
    values: values.slice(0, used),
  }
  return { algorithm: 'ease', itemCount, parameters: { ...model.parameters, kept }, weights: transposeCsr(byTarget) }
}

/** Adds `X^T X` to the upper triangle. */
async function addGram(matrix: SymmetricMatrix, interactions: CsrMatrix, control: TrainingControl): Promise<void> {
  const pacer = createPacer(control)
  const { starts, indices, values, rows } = interactions
  const { data, stride } = matrix
  for (let row = 0; row < rows; row += 1) {
    if (pacer.due()) await pacer.pause(row / rows)
    const end = starts[row + 1] as number
    for (let first = starts[row] as number; first < end; first += 1) {
      const at = (indices[first] as number) * stride
      const value = values[first] as number
      for (let second = first; second < end; second += 1) {
        const cell = at + (indices[second] as number)
        data[cell] = (data[cell] as number) + value * (values[second] as number)
      }
    }
  }
}

function toWeights(inverse: SymmetricMatrix): Float32Array {
  const { order, stride, data } = inverse
  const weights = new Float32Array(order * order)
  for (let row = 0; row < order; row += 1) {
    const rowPivot = data[row * stride + row] as number
    for (let column = row + 1; column < order; column += 1) {
      const value = data[row * stride + column] as number
      weights[row * order + column] = -value / (data[column * stride + column] as number)
      weights[column * order + row] = -value / rowPivot
    }
  }
  return weights
}
