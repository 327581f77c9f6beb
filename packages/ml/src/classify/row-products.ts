import type { CsrMatrix } from '../sparse/csr.ts'

/**
 * Adds to `sums` the products of one sparse row with the columns of `weights` (features x sums.length, row-major). Four sums
 * at a time stay in registers.
 */
export function addRowProducts(
  { starts, indices, values }: CsrMatrix,
  row: number,
  weights: Float32Array | Float64Array,
  sums: Float64Array,
): void {
  const width = sums.length
  const start = starts[row] as number
  const end = starts[row + 1] as number
  let column = 0
  for (; column + 4 <= width; column += 4) {
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let entry = start; entry < end; entry += 1) {
      const value = values[entry] as number
      const at = (indices[entry] as number) * width + column
      a += value * (weights[at] as number)
      b += value * (weights[at + 1] as number)
      c += value * (weights[at + 2] as number)
      d += value * (weights[at + 3] as number)
    }
    sums[column] = (sums[column] as number) + a
    sums[column + 1] = (sums[column + 1] as number) + b
    sums[column + 2] = (sums[column + 2] as number) + c
    sums[column + 3] = (sums[column + 3] as number) + d
  }
  for (; column < width; column += 1) {
    let sum = 0
    for (let entry = start; entry < end; entry += 1) {
      sum += (values[entry] as number) * (weights[(indices[entry] as number) * width + column] as number)
    }
    sums[column] = (sums[column] as number) + sum
  }
}

/** Adds the outer product of one sparse row and `factors` to `target` (features x factors.length, row-major). */
export function addOuterProduct(
  { starts, indices, values }: CsrMatrix,
  row: number,
  factors: Float64Array,
  target: Float64Array,
): void {
  const width = factors.length
  const start = starts[row] as number
  const end = starts[row + 1] as number
  let column = 0
  for (; column + 4 <= width; column += 4) {
    const a = factors[column] as number
    const b = factors[column + 1] as number
    const c = factors[column + 2] as number
    const d = factors[column + 3] as number
    for (let entry = start; entry < end; entry += 1) {
      const value = values[entry] as number
      const at = (indices[entry] as number) * width + column
      target[at] = (target[at] as number) + value * a
      target[at + 1] = (target[at + 1] as number) + value * b
      target[at + 2] = (target[at + 2] as number) + value * c
      target[at + 3] = (target[at + 3] as number) + value * d
    }
  }
  for (; column < width; column += 1) {
    const factor = factors[column] as number
    for (let entry = start; entry < end; entry += 1) {
      const at = (indices[entry] as number) * width + column
      target[at] = (target[at] as number) + (values[entry] as number) * factor
    }
  }
}
