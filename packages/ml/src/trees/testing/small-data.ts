import { buildCsr, type CsrMatrix } from '../../sparse/csr.ts'
import type { DenseMatrix } from '../feature-matrix.ts'

/** 40 rows of three features with three classes, the same as the Python lines in the tests make. */
export function smallTask(): { readonly matrix: DenseMatrix; readonly labels: Int32Array } {
  const rows = 40
  const values = new Float32Array(rows * 3)
  const labels = new Int32Array(rows)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      values[row * 3 + column] = ((row * 37 + 11 * column * column + row * row * (3 + column)) % 101) / 8
    }
    const [a = 0, b = 0, c = 0] = values.subarray(row * 3, row * 3 + 3)
    labels[row] = (a + 2 * b > 18 ? 1 : 0) + (c > 6 && b < 8 ? 1 : 0)
  }
  return { matrix: { rows, columns: 3, values }, labels }
}

/** The same cells, zeros left out. */
export function toSparse({ rows, columns, values }: DenseMatrix): CsrMatrix {
  const cells = [...values.keys()].filter((cell) => values[cell] !== 0)
  return buildCsr({
    rows,
    columns,
    rowOf: cells.map((cell) => Math.floor(cell / columns)),
    columnOf: cells.map((cell) => cell % columns),
    values: cells.map((cell) => values[cell] as number),
  })
}
