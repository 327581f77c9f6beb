/** Steps within a block of rows or columns of a row-major upper triangle, `stride` doubles a row. */

/**
 * Makes the rows `from .. to` final rows of the Cholesky factor, everything above them being subtracted already. Gives the
 * pivot that is not positive, if one is.
 */
export function factorRowBlock(data: Float64Array, stride: number, from: number, to: number): number | undefined {
  for (let row = from; row < to; row += 1) {
    const at = row * stride
    for (let above = from; above < row; above += 1) {
      const source = above * stride
      const factor = data[source + row] as number
      for (let column = row; column < stride; column += 1) {
        data[at + column] = (data[at + column] as number) - factor * (data[source + column] as number)
      }
    }
    const pivot = data[at + row] as number
    if (!(pivot > 0)) return row
    const inverse = 1 / Math.sqrt(pivot)
    for (let column = row; column < stride; column += 1) data[at + column] = (data[at + column] as number) * inverse
  }
  return undefined
}

/** The triangle at `from .. to` becomes its own inverse. */
export function invertDiagonalBlock(data: Float64Array, stride: number, from: number, to: number): void {
  for (let column = from; column < to; column += 1) {
    const pivot = 1 / (data[column * stride + column] as number)
    for (let row = from; row < column; row += 1) {
      let sum = 0
      for (let k = row; k < column; k += 1) {
        sum += (data[row * stride + k] as number) * (data[k * stride + column] as number)
      }
      data[row * stride + column] = -sum * pivot
    }
    data[column * stride + column] = pivot
  }
}

/** The columns `from .. to` of all rows above the block: each row times the triangle at `from .. to`, negated. */
export function solveColumnBlock(data: Float64Array, stride: number, from: number, to: number): void {
  for (let row = 0; row < from; row += 1) {
    const at = row * stride
    for (let column = to - 1; column >= from; column -= 1) {
      let sum = 0
      for (let k = from; k <= column; k += 1) sum += (data[at + k] as number) * (data[k * stride + column] as number)
      data[at + column] = -sum
    }
  }
}
