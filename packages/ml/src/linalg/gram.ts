import { addOuterProducts } from './outer-products.ts'

/** `Y^T Y` of the rows `from .. to` of `rows` (row-major, `factors` long), factors x factors, symmetric, summed in 64 bits. */
export function gramMatrix(rows: Float32Array, factors: number, from: number, to: number): Float64Array {
  const order = (factors + 3) & ~3
  const blockRows = 256
  const block = new Float64Array(blockRows * order)
  const sums = new Float64Array(order * order)
  for (let start = from; start < to; start += blockRows) {
    const count = Math.min(blockRows, to - start)
    for (let slot = 0; slot < count; slot += 1) {
      for (let factor = 0; factor < factors; factor += 1) {
        block[slot * order + factor] = rows[(start + slot) * factors + factor] as number
      }
    }
    addOuterProducts(sums, block, count, order)
  }
  const gram = new Float64Array(factors * factors)
  for (let row = 0; row < factors; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      const value = sums[row * order + column] as number
      gram[row * factors + column] = value
      gram[column * factors + row] = value
    }
  }
  return gram
}
