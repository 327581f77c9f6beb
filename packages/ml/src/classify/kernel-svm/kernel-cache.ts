import { rowNorms, type CsrMatrix } from '../../sparse/csr.ts'

/** Products of one sparse row with many others. */
export class RowProducts {
  private readonly matrix: CsrMatrix
  private readonly scratch: Float64Array

  constructor(matrix: CsrMatrix) {
    this.matrix = matrix
    this.scratch = new Float64Array(matrix.columns)
  }

  /** Dot products of `row` of `of` with the rows listed, or with all. */
  compute(of: CsrMatrix, row: number, out: Float64Array, rows?: Int32Array): void {
    const { scratch } = this
    const { starts, indices, values } = this.matrix
    const first = of.starts[row] as number
    const last = of.starts[row + 1] as number
    for (let entry = first; entry < last; entry += 1) scratch[of.indices[entry] as number] = of.values[entry] as number
    for (let slot = 0; slot < out.length; slot += 1) {
      const other = rows === undefined ? slot : (rows[slot] as number)
      const end = starts[other + 1] as number
      let sum = 0
      for (let entry = starts[other] as number; entry < end; entry += 1) {
        sum += (values[entry] as number) * (scratch[indices[entry] as number] as number)
      }
      out[slot] = sum
    }
    for (let entry = first; entry < last; entry += 1) scratch[of.indices[entry] as number] = 0
  }
}

export const squaredNorms = (matrix: CsrMatrix): Float64Array => rowNorms(matrix).map((norm) => norm * norm)

/** Columns of the RBF kernel `exp(-gamma |x - z|^2)` among some rows, the last used of them kept. */
export class KernelCache {
  private readonly matrix: CsrMatrix
  private readonly norms: Float64Array
  private readonly gamma: number
  private readonly rows: Int32Array
  private readonly products: RowProducts
  private readonly dots: Float64Array
  private readonly columns = new Map<number, Float32Array>()
  private readonly capacity: number

  constructor(
    matrix: CsrMatrix,
    norms: Float64Array,
    { gamma, rows, cacheBytes }: { readonly gamma: number; readonly rows: Int32Array; readonly cacheBytes: number },
  ) {
    this.matrix = matrix
    this.norms = norms
    this.gamma = gamma
    this.rows = rows
    this.products = new RowProducts(matrix)
    this.dots = new Float64Array(rows.length)
    // Two columns are in use at once.
    this.capacity = Math.max(2, Math.floor(cacheBytes / (4 * rows.length)))
  }

  /** The kernel of the row at that place with all of them; valid until two others have been asked for. */
  column(place: number): Float32Array {
    const known = this.columns.get(place)
    if (known !== undefined) {
      this.columns.delete(place)
      this.columns.set(place, known)
      return known
    }
    const column = this.reuse() ?? new Float32Array(this.rows.length)
    const row = this.rows[place] as number
    this.products.compute(this.matrix, row, this.dots, this.rows)
    const norm = this.norms[row] as number
    for (let slot = 0; slot < column.length; slot += 1) {
      const distance = norm + (this.norms[this.rows[slot] as number] as number) - 2 * (this.dots[slot] as number)
      column[slot] = Math.exp(-this.gamma * Math.max(0, distance))
    }
    this.columns.set(place, column)
    return column
  }

  private reuse(): Float32Array | undefined {
    if (this.columns.size < this.capacity) return undefined
    const [oldest] = this.columns.keys()
    const column = this.columns.get(oldest as number)
    this.columns.delete(oldest as number)
    return column
  }
}
