import { solveCholesky, factorCholesky } from './cholesky.ts'
import { addOuterProducts } from './outer-products.ts'

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
  /** order x order, row-major; the lower triangle holds the system, after `factor()` its Cholesky factor. */
  readonly matrix: Float64Array
  /** The right side; after `solve()` the solution. */
  readonly vector: Float64Array
  private readonly block: Float64Array
  private readonly blockRows: number

  constructor(factors: number) {
    this.factors = factors
    this.order = (factors + 3) & ~3
    this.matrix = new Float64Array(this.order * this.order)
    this.vector = new Float64Array(this.order)
    this.blockRows = Math.max(16, Math.floor(blockBytes / (8 * this.order)))
    this.block = new Float64Array(this.blockRows * this.order)
  }

  /** Starts a system: `scale * gram + ridge I` (gram: factors x factors, symmetric) and a zero right side. */
  begin(gram: Float64Array, scale: number, ridge: number): void {
    const { factors, order, matrix } = this
    for (let row = 0; row < order; row += 1) {
      const to = row * order
      const from = row * factors
      for (let column = 0; column < row; column += 1) {
        matrix[to + column] = row < factors ? scale * (gram[from + column] as number) : 0
      }
      matrix[to + row] = row < factors ? scale * (gram[from + row] as number) + ridge : 1
    }
    this.vector.fill(0)
  }

  /** Adds the interactions `from .. to`; `rows` holds a row of factors an item. */
  add(rows: Float32Array, interactions: WeightedItems, from: number, to: number): void {
    for (let start = from; start < to; start += this.blockRows) {
      const count = Math.min(this.blockRows, to - start)
      this.gather(rows, interactions, start, count)
      addOuterProducts(this.matrix, this.block, count, this.order)
    }
  }

  /** Cholesky factor of what was added. Throws RPT_ML_NOT_POSITIVE_DEFINITE. */
  factor(): void {
    factorCholesky(this.matrix, this.order)
  }

  /** After `factor()`: the solution in place of the right side. */
  solve(): void {
    solveCholesky(this.matrix, this.vector, this.order)
  }

  /** Rows scaled by the root of their weights, so that their outer products are the weighted ones. */
  private gather(rows: Float32Array, { items, weights }: WeightedItems, start: number, count: number): void {
    const { factors, order, block, vector } = this
    for (let slot = 0; slot < count; slot += 1) {
      const weight = weights[start + slot] as number
      const root = Math.sqrt(weight)
      const from = (items[start + slot] as number) * factors
      const to = slot * order
      for (let factor = 0; factor < factors; factor += 1) {
        const value = rows[from + factor] as number
        block[to + factor] = root * value
        vector[factor] = (vector[factor] as number) + weight * value
      }
    }
  }
}
