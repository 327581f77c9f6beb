import { RapportError } from '@rapport/core'
import type { TileMemory } from './tile-memory.ts'

/**
 * Cholesky factor `U` with `U^T U = A` of the symmetric positive definite matrix (order x order, row-major, order a multiple of
 * 4) at `start` in the memory, in place: reads and writes the upper triangle; what lies below the diagonal is left undefined.
 * Throws RPT_ML_NOT_POSITIVE_DEFINITE.
 */
export function factorCholesky(memory: TileMemory, start: number, order: number): void {
  const matrix = memory.doubles
  for (let row = 0; row < order; row += 4) {
    const above = { start: start + row, step: order }
    memory.update({ start: start + row * order + row, step: order }, above, above, {
      depth: row,
      tiles: (order - row) / 4,
      nextTile: 4,
      scale: -1,
    })
    factorRows(matrix, start, order, row)
  }
}

/** Solves `U^T U x = b`: `order` doubles at `vector` become `x`. */
export function solveCholesky(memory: TileMemory, start: number, order: number, vector: number): void {
  const data = memory.doubles
  // By rows of U, which are columns of U^T: contiguous.
  for (let row = 0; row < order; row += 1) {
    const at = start + row * order
    const value = (data[vector + row] as number) / (data[at + row] as number)
    data[vector + row] = value
    for (let column = row + 1; column < order; column += 1) {
      data[vector + column] = (data[vector + column] as number) - value * (data[at + column] as number)
    }
  }
  for (let row = order - 1; row >= 0; row -= 1) {
    const at = start + row * order
    let sum = data[vector + row] as number
    for (let column = row + 1; column < order; column += 1) {
      sum -= (data[at + column] as number) * (data[vector + column] as number)
    }
    data[vector + row] = sum / (data[at + row] as number)
  }
}

/** Four rows from which the rows above are already subtracted: eliminates among themselves. */
function factorRows(matrix: Float64Array, start: number, order: number, first: number): void {
  for (let row = first; row < first + 4; row += 1) {
    const at = start + row * order
    for (let above = first; above < row; above += 1) {
      const from = start + above * order
      const factor = matrix[from + row] as number
      for (let column = row; column < order; column += 1) {
        matrix[at + column] = (matrix[at + column] as number) - factor * (matrix[from + column] as number)
      }
    }
    const pivot = matrix[at + row] as number
    if (!(pivot > 0)) {
      throw new RapportError(
        'RPT_ML_NOT_POSITIVE_DEFINITE',
        `the matrix is not positive definite: pivot ${row} is ${pivot}`,
      )
    }
    const inverse = 1 / Math.sqrt(pivot)
    for (let column = row; column < order; column += 1) matrix[at + column] = (matrix[at + column] as number) * inverse
  }
}
