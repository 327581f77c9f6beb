import type { LeastSquares } from './least-squares.ts'

/**
 * `Y^T Y` of the rows `from .. to` of `rows` (row-major, `system.factors` long): factors x factors, symmetric, summed in 64
 * bits. The system is only lent as working memory.
 */
export function gramMatrix(system: LeastSquares, rows: Float32Array, from: number, to: number): Float64Array {
  const { factors } = system
  system.begin(new Float64Array(factors * factors), 0, 0)
  const items = Int32Array.from({ length: to - from }, (_, index) => from + index)
  system.add(rows, { items, weights: new Float32Array(to - from).fill(1) }, 0, to - from)
  return system.toMatrix()
}
