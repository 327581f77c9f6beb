/**
 * The taps of a convolution's kernel (window x inputs x filters) as matrices of their own: with a token's products by tap,
 * a convolution only adds.
 */
export function tapsOf(kernel: Float32Array, window: number): Float32Array[] {
  const size = kernel.length / window
  return Array.from({ length: window }, (_, tap) => kernel.subarray(tap * size, (tap + 1) * size))
}

/** A convolution whose taps' products stand in a token's projections from `offset` on. */
export interface ProjectedConvolution {
  readonly window: number
  readonly filters: number
  readonly offset: number
  readonly bias: Float32Array
}

/** Adds a token's products to the positions that see it: tap k of position p sees token p + k - before. */
export function scatterToken(
  products: Float32Array,
  token: number,
  { window, filters, offset }: ProjectedConvolution,
  sums: { readonly values: Float32Array; readonly positions: number; readonly before: number },
): void {
  const { values, positions, before } = sums
  for (let tap = 0; tap < window; tap += 1) {
    const position = token + before - tap
    if (position < 0 || position >= positions) continue
    let from = offset + tap * filters
    const end = (position + 1) * filters
    for (let to = position * filters; to < end; to += 1)
      values[to] = (values[to] as number) + (products[from++] as number)
  }
}

/** The largest sum of each filter over positions `start` to before `end`, with bias and rectifier, into `out` from `at` on. */
export function rectifiedMaximum(
  sums: Float32Array,
  { filters, bias }: ProjectedConvolution,
  {
    start,
    end,
    out,
    at,
  }: { readonly start: number; readonly end: number; readonly out: Float32Array; readonly at: number },
): void {
  for (let filter = 0; filter < filters; filter += 1) {
    let largest = sums[start * filters + filter] as number
    for (let position = start + 1; position < end; position += 1) {
      const value = sums[position * filters + filter] as number
      if (value > largest) largest = value
    }
    out[at + filter] = Math.max(0, largest + (bias[filter] as number))
  }
}
