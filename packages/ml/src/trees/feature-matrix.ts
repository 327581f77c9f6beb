import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'

/** Every cell: rows x columns, row-major. NaN is a missing value. */
export interface DenseMatrix {
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

/** What trees learn from and score. A cell that a sparse matrix doesn't hold is 0, not missing. */
export type FeatureMatrix = DenseMatrix | CsrMatrix

export const isSparse = (matrix: FeatureMatrix): matrix is CsrMatrix => 'starts' in matrix

/** Throws RPT_ML_ARGUMENT_INVALID where a dense matrix has not rows x columns values. */
export function checkMatrix(matrix: FeatureMatrix): void {
  if (isSparse(matrix)) return
  const { rows, columns, values } = matrix
  if (values.length !== rows * columns) {
    throw argumentError('values', `has ${values.length} cells, not ${rows} x ${columns}`)
  }
}

/** Rows one after the other as dense vectors; a returned vector is valid until the next one is asked for. */
export class RowReader {
  private readonly matrix: FeatureMatrix
  private readonly scratch: Float32Array
  private held = -1

  constructor(matrix: FeatureMatrix) {
    this.matrix = matrix
    this.scratch = new Float32Array(isSparse(matrix) ? matrix.columns : 0)
  }

  read(row: number): Float32Array {
    const { matrix, scratch } = this
    if (!isSparse(matrix)) return matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns)
    const { starts, indices, values } = matrix
    if (this.held >= 0) {
      const end = starts[this.held + 1] as number
      for (let entry = starts[this.held] as number; entry < end; entry += 1) scratch[indices[entry] as number] = 0
    }
    const end = starts[row + 1] as number
    for (let entry = starts[row] as number; entry < end; entry += 1) {
      scratch[indices[entry] as number] = values[entry] as number
    }
    this.held = row
    return scratch
  }
}
