import { RapportError } from '@rapport/core'
import { dotTile } from './dot-tile.ts'

const dots = new Float64Array(16)

/**
 * Cholesky factor of a symmetric positive definite matrix (order x order, row-major, order a multiple of 4) in place: reads
 * and writes the lower triangle. Throws RPT_ML_NOT_POSITIVE_DEFINITE.
 */
export function factorCholesky(matrix: Float64Array, order: number): void {
  for (let row = 0; row < order; row += 4) {
    for (let column = 0; column <= row; column += 4) {
      if (column > 0) {
        dotTile(dots, matrix, { a: row * order, b: column * order, stride: order, length: column })
        subtractTile(matrix, row * order + column, order)
      }
      if (column === row) factorTile(matrix, row, order)
      else solveTile(matrix, row, column, order)
    }
  }
}

/** Solves `L L^T x = b` for a factor from `factorCholesky`, `b` becoming `x`. */
export function solveCholesky(factor: Float64Array, vector: Float64Array, order: number): void {
  for (let row = 0; row < order; row += 1) {
    const start = row * order
    let sum = vector[row] as number
    for (let column = 0; column < row; column += 1)
      sum -= (factor[start + column] as number) * (vector[column] as number)
    vector[row] = sum / (factor[start + row] as number)
  }
  // By columns of L^T, which are rows of L: contiguous.
  for (let row = order - 1; row >= 0; row -= 1) {
    const start = row * order
    const value = (vector[row] as number) / (factor[start + row] as number)
    vector[row] = value
    for (let column = 0; column < row; column += 1) {
      vector[column] = (vector[column] as number) - value * (factor[start + column] as number)
    }
  }
}

function subtractTile(matrix: Float64Array, start: number, order: number): void {
  for (let row = 0; row < 4; row += 1) {
    const at = start + row * order
    for (let column = 0; column < 4; column += 1) {
      matrix[at + column] = (matrix[at + column] as number) - (dots[4 * row + column] as number)
    }
  }
}

/** The 4 x 4 block at (at, at) becomes its own Cholesky factor. */
function factorTile(matrix: Float64Array, at: number, order: number): void {
  for (let row = at; row < at + 4; row += 1) {
    for (let column = at; column <= row; column += 1) {
      let sum = matrix[row * order + column] as number
      for (let k = at; k < column; k += 1)
        sum -= (matrix[row * order + k] as number) * (matrix[column * order + k] as number)
      if (row === column) {
        if (!(sum > 0)) {
          throw new RapportError(
            'RPT_ML_NOT_POSITIVE_DEFINITE',
            `the matrix is not positive definite (pivot ${row} is ${sum})`,
          )
        }
        matrix[row * order + row] = Math.sqrt(sum)
      } else {
        matrix[row * order + column] = sum / (matrix[column * order + column] as number)
      }
    }
  }
}

/** The block at (row, column) becomes X with X L^T = block, L being the factored block at (column, column). */
function solveTile(matrix: Float64Array, row: number, column: number, order: number): void {
  for (let r = row; r < row + 4; r += 1) {
    for (let c = column; c < column + 4; c += 1) {
      let sum = matrix[r * order + c] as number
      for (let k = column; k < c; k += 1) sum -= (matrix[r * order + k] as number) * (matrix[c * order + k] as number)
      matrix[r * order + c] = sum / (matrix[c * order + c] as number)
    }
  }
}
