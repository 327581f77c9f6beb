import type { CsrMatrix } from '../sparse/csr.ts'

/** Arrays over memory that worker threads see too. */
export const sharedFloats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length))
export const sharedDoubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(8 * length))
export const sharedIntegers = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length))

/** A copy of the matrix in shared memory. */
export function shareCsr(matrix: CsrMatrix): CsrMatrix {
  const starts = sharedIntegers(matrix.starts.length)
  const indices = sharedIntegers(matrix.indices.length)
  const values = sharedFloats(matrix.values.length)
  starts.set(matrix.starts)
  indices.set(matrix.indices)
  values.set(matrix.values)
  return { rows: matrix.rows, columns: matrix.columns, starts, indices, values }
}
