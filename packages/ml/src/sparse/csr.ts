import { argumentError } from '../errors.ts'

/**
 * A sparse matrix in compressed sparse rows. Row `r` holds the entries `starts[r] .. starts[r + 1]` of `indices` (columns,
 * ascending, each at most once) and `values`.
 */
export interface CsrMatrix {
  readonly rows: number
  readonly columns: number
  readonly starts: Int32Array
  readonly indices: Int32Array
  readonly values: Float32Array
}

export interface CsrEntries {
  readonly rows: number
  readonly columns: number
  /** Row and column of every entry, in any order. */
  readonly rowOf: ArrayLike<number>
  readonly columnOf: ArrayLike<number>
  /** All ones when absent. */
  readonly values?: ArrayLike<number>
  /** What several entries of one cell become: their sum (default), their maximum, or 1. */
  readonly duplicates?: 'sum' | 'max' | 'one'
}

/** Builds a matrix from unordered entries in linear time. Throws RPT_ML_ARGUMENT_INVALID on an index outside the shape. */
export function buildCsr(entries: CsrEntries): CsrMatrix {
  const { rows, columns, rowOf, columnOf, values } = entries
  const count = rowOf.length
  if (columnOf.length !== count) throw argumentError('columnOf', `has ${columnOf.length} entries, rowOf ${count}`)
  if (values !== undefined && values.length !== count) {
    throw argumentError('values', `has ${values.length} entries, rowOf ${count}`)
  }
  // Built by columns first: walking that form column by column puts every row's entries in ascending column order.
  const starts = startsOf(columnOf, columns, 'columnOf')
  const next = starts.slice()
  const rowIndices = new Int32Array(count)
  const ordered = new Float32Array(count)
  for (let entry = 0; entry < count; entry += 1) {
    const column = columnOf[entry] as number
    const slot = next[column] as number
    next[column] = slot + 1
    rowIndices[slot] = rowOf[entry] as number
    ordered[slot] = values === undefined ? 1 : (values[entry] as number)
  }
  startsOf(rowOf, rows, 'rowOf')
  const byColumn = { rows: columns, columns: rows, starts, indices: rowIndices, values: ordered }
  return mergeDuplicates(transposeCsr(byColumn), entries.duplicates ?? 'sum')
}

/** The transpose, in linear time; columns come out ascending. */
export function transposeCsr(matrix: CsrMatrix): CsrMatrix {
  const { rows, columns, starts, indices, values } = matrix
  const outStarts = startsOf(indices, columns, 'indices')
  const next = outStarts.slice()
  const outIndices = new Int32Array(indices.length)
  const outValues = new Float32Array(indices.length)
  for (let row = 0; row < rows; row += 1) {
    const end = starts[row + 1] as number
    for (let entry = starts[row] as number; entry < end; entry += 1) {
      const column = indices[entry] as number
      const slot = next[column] as number
      next[column] = slot + 1
      outIndices[slot] = row
      outValues[slot] = values[entry] as number
    }
  }
  return { rows: columns, columns: rows, starts: outStarts, indices: outIndices, values: outValues }
}

/** The same cells with every row scaled to unit Euclidean length; rows without entries stay empty. */
export function normaliseRows(matrix: CsrMatrix): CsrMatrix {
  const norms = rowNorms(matrix)
  const values = matrix.values.slice()
  for (let row = 0; row < matrix.rows; row += 1) {
    const norm = norms[row] as number
    if (norm === 0) continue
    const end = matrix.starts[row + 1] as number
    for (let entry = matrix.starts[row] as number; entry < end; entry += 1) {
      values[entry] = (values[entry] as number) / norm
    }
  }
  return { ...matrix, values }
}

/** Euclidean length of every row. */
export function rowNorms(matrix: CsrMatrix): Float64Array {
  const norms = new Float64Array(matrix.rows)
  for (let row = 0; row < matrix.rows; row += 1) {
    const end = matrix.starts[row + 1] as number
    let sum = 0
    for (let entry = matrix.starts[row] as number; entry < end; entry += 1) {
      const value = matrix.values[entry] as number
      sum += value * value
    }
    norms[row] = Math.sqrt(sum)
  }
  return norms
}

/** Bytes that a matrix with that many rows and entries holds. */
export const csrBytes = (rows: number, entries: number): number => 4 * (rows + 1) + 8 * entries

function startsOf(indices: ArrayLike<number>, size: number, name: string): Int32Array {
  const starts = new Int32Array(size + 1)
  for (let entry = 0; entry < indices.length; entry += 1) {
    const index = indices[entry] as number
    if (!(index >= 0 && index < size))
      throw argumentError(`${name}[${entry}]`, `is ${index}, not within 0..${size - 1}`)
    starts[index + 1] = (starts[index + 1] as number) + 1
  }
  for (let index = 0; index < size; index += 1) {
    starts[index + 1] = (starts[index + 1] as number) + (starts[index] as number)
  }
  return starts
}

function mergeDuplicates(matrix: CsrMatrix, duplicates: 'sum' | 'max' | 'one'): CsrMatrix {
  const { rows, starts, indices, values } = matrix
  const outStarts = new Int32Array(rows + 1)
  let kept = 0
  for (let row = 0; row < rows; row += 1) {
    const first = kept
    const end = starts[row + 1] as number
    for (let entry = starts[row] as number; entry < end; entry += 1) {
      const index = indices[entry] as number
      const value = duplicates === 'one' ? 1 : (values[entry] as number)
      if (kept > first && indices[kept - 1] === index) {
        const before = values[kept - 1] as number
        values[kept - 1] = duplicates === 'sum' ? before + value : Math.max(before, value)
      } else {
        indices[kept] = index
        values[kept] = value
        kept += 1
      }
    }
    outStarts[row + 1] = kept
  }
  if (kept === indices.length) return { ...matrix, starts: outStarts }
  return { ...matrix, starts: outStarts, indices: indices.slice(0, kept), values: values.slice(0, kept) }
}
