/**
 * Adds the sum of the outer products of the first `count` rows of `rows` (row-major, `order` long, a multiple of 4) to the
 * lower triangle of `matrix` (order x order; the blocks on the diagonal are written whole). In tiles of 4 x 4, so that
 * sixteen sums stay in registers and eight loads serve sixteen multiplications.
 */
export function addOuterProducts(matrix: Float64Array, rows: Float64Array, count: number, order: number): void {
  for (let row = 0; row < order; row += 4) {
    for (let column = 0; column <= row; column += 4) addTile(matrix, rows, { count, order, row, column })
  }
}

interface Tile {
  readonly count: number
  readonly order: number
  readonly row: number
  readonly column: number
}

function addTile(matrix: Float64Array, rows: Float64Array, tile: Tile): void {
  const { order, row, column } = tile
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0
  const end = row + tile.count * order
  for (let p = row, q = column; p < end; p += order, q += order) {
    const a0 = rows[p] as number
    const a1 = rows[p + 1] as number
    const a2 = rows[p + 2] as number
    const a3 = rows[p + 3] as number
    const b0 = rows[q] as number
    const b1 = rows[q + 1] as number
    const b2 = rows[q + 2] as number
    const b3 = rows[q + 3] as number
    c00 += a0 * b0
    c01 += a0 * b1
    c02 += a0 * b2
    c03 += a0 * b3
    c10 += a1 * b0
    c11 += a1 * b1
    c12 += a1 * b2
    c13 += a1 * b3
    c20 += a2 * b0
    c21 += a2 * b1
    c22 += a2 * b2
    c23 += a2 * b3
    c30 += a3 * b0
    c31 += a3 * b1
    c32 += a3 * b2
    c33 += a3 * b3
  }
  addFour(matrix, row * order + column, c00, c01, c02, c03)
  addFour(matrix, (row + 1) * order + column, c10, c11, c12, c13)
  addFour(matrix, (row + 2) * order + column, c20, c21, c22, c23)
  addFour(matrix, (row + 3) * order + column, c30, c31, c32, c33)
}

// oxlint-disable-next-line max-params -- an array of four would be an allocation in the innermost call
function addFour(matrix: Float64Array, at: number, v0: number, v1: number, v2: number, v3: number): void {
  matrix[at] = (matrix[at] as number) + v0
  matrix[at + 1] = (matrix[at + 1] as number) + v1
  matrix[at + 2] = (matrix[at + 2] as number) + v2
  matrix[at + 3] = (matrix[at + 3] as number) + v3
}
