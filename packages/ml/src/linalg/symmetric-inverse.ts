import { RapportError } from '@rapport/core'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { factorRowBlock, invertDiagonalBlock, solveColumnBlock } from './triangular-blocks.ts'
import { TileMemory } from './tile-memory.ts'

const blockSize = 64

/** Bytes of a `SymmetricMatrix` of that order. */
export const symmetricMatrixBytes = (order: number): number => 8 * (padded(order) ** 2 + 2 * blockSize * padded(order))

/**
 * A dense symmetric matrix of doubles that can become its own inverse: Cholesky `A = U^T U`, then `V = U^-1`, then
 * `A^-1 = V V^T`, each in place, by blocks of 64 rows, every block one packed rank-64 update of what it touches
 * (right-looking; Golub and Van Loan, 4.2.6; LAPACK's dpotrf, dtrtri and dlauum).
 */
export class SymmetricMatrix {
  readonly order: number
  /** Distance of two rows in `data`. */
  readonly stride: number
  /** Row-major; the upper triangle counts. */
  readonly data: Float64Array
  private readonly memory: TileMemory
  private readonly packedRows: number
  private readonly packedColumns: number

  /** A zero matrix. Throws RPT_ML_ARGUMENT_INVALID beyond 4 GiB (an order of about 23,000). */
  constructor(order: number) {
    this.order = order
    this.stride = padded(order)
    this.packedRows = this.stride * this.stride
    this.packedColumns = this.packedRows + blockSize * this.stride
    this.memory = new TileMemory(this.packedColumns + blockSize * this.stride)
    this.data = this.memory.doubles
    for (let index = order; index < this.stride; index += 1) this.data[index * this.stride + index] = 1
  }

  /** Replaces the matrix by its inverse. Throws RPT_ML_NOT_POSITIVE_DEFINITE. */
  async invert(control: TrainingControl = {}): Promise<void> {
    const pacer = createPacer(control)
    const { stride } = this
    // Each of the three passes does a sixth of stride^3 multiplications.
    const passes = [
      (from: number, to: number) => this.eliminate(from, to),
      (from: number, to: number) => this.invertFactor(from, to),
      (from: number, to: number) => this.multiplyFactor(from, to),
    ]
    for (const [index, pass] of passes.entries()) {
      for (let from = 0; from < stride; from += blockSize) {
        pass(from, Math.min(stride, from + blockSize))
        if (pacer.due()) await pacer.pause((index + from / stride) / passes.length)
      }
    }
  }

  /** Cholesky: rows `from .. to` become final, their product leaves the rest. */
  private eliminate(from: number, to: number): void {
    const { data, stride } = this
    const failed = factorRowBlock(data, stride, from, to)
    if (failed !== undefined) {
      throw new RapportError('RPT_ML_NOT_POSITIVE_DEFINITE', `the matrix is not positive definite: pivot ${failed}`)
    }
    this.packRowsBelow(from, to, to)
    const product = { depth: to - from, left: this.packedRows, right: this.packedRows, scale: -1 }
    for (let row = to; row < stride; row += 4) this.updateRow(row, row, product)
  }

  /** U to U^-1: columns `from .. to` become final, their product with the old rows goes to the columns on the right. */
  private invertFactor(from: number, to: number): void {
    const { data, stride } = this
    this.packRowsBelow(from, to, to)
    invertDiagonalBlock(data, stride, from, to)
    // Rows above hold W = V U so far; V of this column block is -W times the inverted diagonal block.
    solveColumnBlock(data, stride, from, to)
    this.packColumnsAbove(from, to)
    for (let row = from; row < to; row += 1) data.fill(0, row * stride + to, (row + 1) * stride)
    const product = { depth: to - from, left: this.packedColumns, right: this.packedRows, scale: 1 }
    for (let row = 0; row < to; row += 4) this.updateRow(row, to, product)
  }

  /** V to V V^T: columns `from .. to` are taken out and their product is added to what they reach. */
  private multiplyFactor(from: number, to: number): void {
    const { data, stride } = this
    this.packColumnsAbove(from, to)
    for (let row = 0; row < to; row += 1) data.fill(0, row * stride + Math.max(row, from), row * stride + to)
    const product = { depth: to - from, left: this.packedColumns, right: this.packedColumns, scale: 1 }
    for (let row = 0; row < to; row += 4) this.updateRow(row, row, product, to)
  }

  private updateRow(row: number, firstColumn: number, product: PackedProduct, endColumn: number = this.stride): void {
    const { stride } = this
    const nextTile = 4 * blockSize
    this.memory.update(
      { start: row * stride + firstColumn, step: stride },
      { start: product.left + (row / 4) * nextTile, step: 4 },
      { start: product.right + (firstColumn / 4) * nextTile, step: 4 },
      { depth: product.depth, tiles: (endColumn - firstColumn) / 4, nextTile, scale: product.scale },
    )
  }

  /** Rows `from .. to`, columns from `firstColumn`, four columns side by side: what one tile reads lies together. */
  private packRowsBelow(from: number, to: number, firstColumn: number): void {
    const { data, stride, packedRows } = this
    for (let row = from; row < to; row += 1) {
      for (let column = firstColumn; column < stride; column += 4) {
        const at = packedRows + column * blockSize + 4 * (row - from)
        const source = row * stride + column
        data.copyWithin(at, source, source + 4)
      }
    }
  }

  /** Columns `from .. to` of the rows above `to`, transposed in the same form; zero below the diagonal. */
  private packColumnsAbove(from: number, to: number): void {
    const { data, stride, packedColumns } = this
    for (let row = 0; row < to; row += 1) {
      const at = packedColumns + (row & ~3) * blockSize + (row & 3)
      for (let column = from; column < to; column += 1) {
        data[at + 4 * (column - from)] = column < row ? 0 : (data[row * stride + column] as number)
      }
    }
  }
}

interface PackedProduct {
  readonly depth: number
  /** Where the packed operands start. */
  readonly left: number
  readonly right: number
  readonly scale: number
}

const padded = (order: number): number => (order + 3) & ~3
