import { factorCholesky, solveCholesky } from './cholesky.ts'
import { TileMemory } from './tile-memory.ts'

/** Small enough to stay in the second-level cache while every tile of the matrix passes over it. */
const blockBytes = 128 * 1024

/** Items with the weight (> 0) of each. */
export interface WeightedItems {
  readonly items: Int32Array
  readonly weights: Float32Array
}

/**
 * The normal equations of one user (or item) of weighted implicit least squares (Hu, Koren, Volinsky 2008, eq. 4, in the
 * form of Rendle et al. 2022): `(base + ridge I + sum of w_i y_i y_i^T) x = sum of w_i y_i`. Sums are kept in 64 bits. Owns
 * its working memory, so one instance serves any number of systems, one after the other.
 */
export class LeastSquares {
  readonly factors: number
  /** `factors` rounded up to a multiple of 4; the surplus unknowns come out as 0. */
  readonly order: number
  /** The right side, `order` long; after `solve()` the solution. */
  readonly vector: Float64Array
  private readonly memory: TileMemory
  private readonly vectorStart: number
  private readonly blockStart: number
  private readonly blockRows: number

  constructor(factors: number) {
    this.factors = factors
    this.order = (factors + 3) & ~3
    this.blockRows = Math.max(16, Math.floor(blockBytes / (8 * this.order)))
    this.vectorStart = this.order * this.order
    this.blockStart = this.vectorStart + this.order
    this.memory = new TileMemory(this.blockStart + this.blockRows * this.order)
    this.vector = this.memory.doubles.subarray(this.vectorStart, this.blockStart)
  }

  /** Starts a system: `scale * gram + ridge I` (gram: factors x factors, symmetric) and a zero right side. */
  begin(gram: Float64Array, scale: number, ridge: number): void {
    const { factors, order } = this
    const matrix = this.memory.doubles
    for (let row = 0; row < factors; row += 1) {
      const to = row * order
      const from = row * factors
      for (let column = row; column < factors; column += 1)
        matrix[to + column] = scale * (gram[from + column] as number)
      for (let column = factors; column < order; column += 1) matrix[to + column] = 0
      matrix[to + row] = (matrix[to + row] as number) + ridge
    }
    for (let row = factors; row < order; row += 1) {
      for (let column = row; column < order; column += 1) matrix[row * order + column] = row === column ? 1 : 0
    }
    this.vector.fill(0)
  }

  /** Adds the interactions `from .. to`; `rows` holds a row of factors an item. */
  add(rows: Float32Array, interactions: WeightedItems, from: number, to: number): void {
    const { order, blockStart, blockRows, memory } = this
    for (let start = from; start < to; start += blockRows) {
      const count = Math.min(blockRows, to - start)
      this.gather(rows, interactions, start, count)
      for (let row = 0; row < order; row += 4) {
        const operand = { start: blockStart + row, step: order }
        const product = { depth: count, tiles: (order - row) / 4, nextTile: 4, scale: 1 }
        memory.update({ start: row * order + row, step: order }, operand, operand, product)
      }
    }
  }

  /** Cholesky factor of what was added. Throws RPT_ML_NOT_POSITIVE_DEFINITE. */
  factor(): void {
    factorCholesky(this.memory, 0, this.order)
  }

  /** After `factor()`: the solution in place of the right side. */
  solve(): void {
    solveCholesky(this.memory, 0, this.order, this.vectorStart)
  }

  /** The upper triangle of the system, mirrored: factors x factors. */
  toMatrix(): Float64Array {
    const { factors, order } = this
    const matrix = new Float64Array(factors * factors)
    for (let row = 0; row < factors; row += 1) {
      for (let column = row; column < factors; column += 1) {
        const value = this.memory.doubles[row * order + column] as number
        matrix[row * factors + column] = value
        matrix[column * factors + row] = value
      }
    }
    return matrix
  }

  /** Rows scaled by the root of their weights, so that their outer products are the weighted ones. */
  private gather(rows: Float32Array, { items, weights }: WeightedItems, start: number, count: number): void {
    const { factors, order, vector, blockStart } = this
    const block = this.memory.doubles
    for (let slot = 0; slot < count; slot += 1) {
      const weight = weights[start + slot] as number
      const root = Math.sqrt(weight)
      const from = (items[start + slot] as number) * factors
      const to = blockStart + slot * order
      for (let factor = 0; factor < factors; factor += 1) {
        const value = rows[from + factor] as number
        block[to + factor] = root * value
        vector[factor] = (vector[factor] as number) + weight * value
      }
    }
  }
}
