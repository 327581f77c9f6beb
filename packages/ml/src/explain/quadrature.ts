/** Points in (0, 1) and positive weights that sum to 1. */
export interface QuadratureRule {
  readonly points: Float64Array
  readonly weights: Float64Array
}

/**
 * Gauss-Legendre quadrature on [0, 1]: exact for polynomials of degree `2 * count - 1`. The points are the roots of the Legendre
 * polynomial, found by Newton's method (Press et al., Numerical Recipes, section 4.6).
 */
export function gaussLegendre(count: number): QuadratureRule {
  const points = new Float64Array(count)
  const weights = new Float64Array(count)
  for (let index = 0; index < count; index += 1) {
    let root = Math.cos((Math.PI * (index + 0.75)) / (count + 0.5))
    let slope = 1
    for (let iteration = 0; iteration < 100; iteration += 1) {
      const { value, derivative } = legendre(count, root)
      slope = derivative
      const step = value / derivative
      root -= step
      if (Math.abs(step) < 1e-15) break
    }
    points[index] = (1 - root) / 2
    weights[index] = 1 / ((1 - root * root) * slope * slope)
  }
  return { points, weights }
}

function legendre(degree: number, at: number): { readonly value: number; readonly derivative: number } {
  let before = 1
  let value = at
  for (let order = 2; order <= degree; order += 1) {
    const next = ((2 * order - 1) * at * value - (order - 1) * before) / order
    before = value
    value = next
  }
  return { value, derivative: (degree * (at * value - before)) / (at * at - 1) }
}
