import { addProduct } from './dense.ts'

/** The most memory that a network's projections take. */
export const projectionBytes = 16 * 1024 * 1024

/**
 * What the first layer makes of a token does not depend on its neighbours: the product of its embedding with the layer's
 * kernels (for a convolution, with the kernel of each tap). It is made once for each of the most frequent tokens, those of
 * the smallest ids, and each time for the others.
 */
export class TokenProjections {
  /** Numbers a token: those of each kernel in turn. */
  readonly width: number
  private readonly table: Float32Array
  private readonly embedding: number
  /** Each embedding x its outputs, row-major. */
  private readonly kernels: readonly Float32Array[]
  private readonly kept: Float32Array
  private readonly isKept: Uint8Array
  private readonly other: Float32Array

  constructor(table: Float32Array, embedding: number, kernels: readonly Float32Array[]) {
    this.table = table
    this.embedding = embedding
    this.kernels = kernels
    this.width = kernels.reduce((sum, { length }) => sum + length / embedding, 0)
    const tokens = Math.min(table.length / embedding, Math.floor(projectionBytes / (4 * this.width)))
    this.kept = new Float32Array(tokens * this.width)
    this.isKept = new Uint8Array(tokens)
    this.other = new Float32Array(this.width)
  }

  /** The token's products; good until the next call. */
  of(token: number): Float32Array {
    if (token >= this.isKept.length) {
      this.other.fill(0)
      this.project(token, this.other)
      return this.other
    }
    const own = this.kept.subarray(token * this.width, (token + 1) * this.width)
    if (this.isKept[token] === 0) {
      this.project(token, own)
      this.isKept[token] = 1
    }
    return own
  }

  private project(token: number, out: Float32Array): void {
    let from = 0
    for (const kernel of this.kernels) {
      const outputs = kernel.length / this.embedding
      addProduct(this.table, kernel, out, { at: token * this.embedding, inputs: this.embedding, from, outputs })
      from += outputs
    }
  }
}
