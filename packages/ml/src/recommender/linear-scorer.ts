import type { CsrMatrix } from '../sparse/csr.ts'
import type { History, ItemScorer } from './item-scorer.ts'

/**
 * Scores by item-to-item weights: `score_j = sum over history i of w_i B_ij`, with `B` sparse (items x items; item-kNN and
 * pruned EASE).
 */
export function createSparseLinearScorer(weights: CsrMatrix): ItemScorer {
  const { starts, indices, values } = weights
  return {
    itemCount: weights.columns,
    score(history, out) {
      out.fill(0)
      for (let slot = 0; slot < history.length; slot += 1) {
        const item = history.items[slot] as number
        const weight = history.weights[slot] as number
        const end = starts[item + 1] as number
        for (let entry = starts[item] as number; entry < end; entry += 1) {
          const target = indices[entry] as number
          out[target] = (out[target] as number) + weight * (values[entry] as number)
        }
      }
    },
    explain(history, item, out) {
      for (let slot = 0; slot < history.length; slot += 1) {
        out[slot] = (history.weights[slot] as number) * cell(weights, history.items[slot] as number, item)
      }
    },
  }
}

/** The same with a dense `B`, items x items, row-major (exact EASE). */
export function createDenseLinearScorer(weights: Float32Array, itemCount: number): ItemScorer {
  return {
    itemCount,
    score(history, out) {
      out.fill(0)
      let slot = 0
      for (; slot + 4 <= history.length; slot += 4) addFourRows(weights, history, slot, out)
      for (; slot < history.length; slot += 1) {
        addRow(weights, (history.items[slot] as number) * itemCount, history.weights[slot] as number, out)
      }
    },
    explain(history: History, item, out) {
      for (let slot = 0; slot < history.length; slot += 1) {
        const source = history.items[slot] as number
        out[slot] = (history.weights[slot] as number) * (weights[source * itemCount + item] as number)
      }
    },
  }
}

/** Four rows in one pass over the scores: a quarter of the loads and stores. */
function addFourRows(weights: Float32Array, history: History, slot: number, out: Float32Array): void {
  const count = out.length
  const start0 = (history.items[slot] as number) * count
  const start1 = (history.items[slot + 1] as number) * count
  const start2 = (history.items[slot + 2] as number) * count
  const start3 = (history.items[slot + 3] as number) * count
  const factor0 = history.weights[slot] as number
  const factor1 = history.weights[slot + 1] as number
  const factor2 = history.weights[slot + 2] as number
  const factor3 = history.weights[slot + 3] as number
  for (let target = 0; target < count; target += 1) {
    out[target] =
      (out[target] as number) +
      factor0 * (weights[start0 + target] as number) +
      factor1 * (weights[start1 + target] as number) +
      factor2 * (weights[start2 + target] as number) +
      factor3 * (weights[start3 + target] as number)
  }
}

function addRow(weights: Float32Array, start: number, factor: number, out: Float32Array): void {
  for (let target = 0; target < out.length; target += 1) {
    out[target] = (out[target] as number) + factor * (weights[start + target] as number)
  }
}

/** The value at (row, column), 0 where the matrix has none; columns of a row ascend. */
function cell(matrix: CsrMatrix, row: number, column: number): number {
  let low = matrix.starts[row] as number
  let high = (matrix.starts[row + 1] as number) - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = matrix.indices[middle] as number
    if (found === column) return matrix.values[middle] as number
    if (found < column) low = middle + 1
    else high = middle - 1
  }
  return 0
}
