import { Dense } from './dense.ts'

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
  /** All kernels side by side. */
  private readonly product: Dense
  private readonly kept: Float32Array
  private readonly isKept: Uint8Array

  /** `kernels`: each embedding x its outputs, row-major. */
  constructor(table: Float32Array, embedding: number, kernels: readonly Float32Array[]) {
    this.table = table
    this.embedding = embedding
    this.width = kernels.reduce((sum, { length }) => sum + length / embedding, 0)
    const tokens = Math.min(table.length / embedding, Math.floor(projectionBytes / (4 * this.width)))
    this.kept = new Float32Array(tokens * this.width)
    this.isKept = new Uint8Array(tokens)
    this.product = new Dense(sideBySide(kernels, embedding, this.width), this.width)
  }

  /** The token's products; good until the next call. */
  of(token: number): Float32Array {
    if (token >= this.isKept.length) return this.project(token)
    const own = this.kept.subarray(token * this.width, (token + 1) * this.width)
    if (this.isKept[token] === 0) {
      own.set(this.project(token))
      this.isKept[token] = 1
    }
    return own
  }

  private project(token: number): Float32Array {
    const { input, output } = this.product
    input.set(this.table.subarray(token * this.embedding, (token + 1) * this.embedding))
    output.fill(0)
    this.product.addProduct()
    return output
  }
}

/** Kernels of embedding x outputs as one matrix of embedding x width. */
function sideBySide(kernels: readonly Float32Array[], embedding: number, width: number): Float32Array {
  const all = new Float32Array(embedding * width)
  let from = 0
  for (const kernel of kernels) {
    const outputs = kernel.length / embedding
    for (let row = 0; row < embedding; row += 1)
      all.set(kernel.subarray(row * outputs, (row + 1) * outputs), row * width + from)
    from += outputs
  }
  return all
}
