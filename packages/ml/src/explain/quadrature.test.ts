import { describe, expect, it } from 'vitest'
import { gaussLegendre } from './quadrature.ts'

describe('Gauss-Legendre quadrature', () => {
  it.each([1, 2, 3, 8, 33, 150])('integrates polynomials up to degree 2n - 1 exactly: n = %d', (count) => {
    const { points, weights } = gaussLegendre(count)
    for (const degree of [0, 1, count, 2 * count - 1]) {
      const integral = points.reduce((sum, point, at) => sum + weights[at]! * point ** degree, 0)
      expect(integral).toBeCloseTo(1 / (degree + 1), 12)
    }
  })

  it('does not integrate the next degree exactly', () => {
    const { points, weights } = gaussLegendre(2)
    const integral = points.reduce((sum, point, at) => sum + weights[at]! * point ** 4, 0)
    expect(Math.abs(integral - 1 / 5)).toBeGreaterThan(1e-3)
  })
})
