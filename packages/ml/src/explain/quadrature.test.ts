import { describe, expect, it } from 'vitest'
import { gaussLegendre } from './quadrature.ts'
import { shapPoints } from './tree-shap.ts'

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

  it.each([5, 64, 100, 300, 1000, 3000])(
    'integrates Bernstein polynomials with the points of TreeSHAP: degree %d',
    (degree) => {
      const { points, weights } = gaussLegendre(shapPoints(degree + 1))
      const logFactorial = (n: number): number => (n < 2 ? 0 : Math.log(n) + logFactorial(n - 1))
      for (const part of [0, 1, 2, degree >> 3, degree >> 1, degree - 2, degree]) {
        const logBinomial = logFactorial(degree) - logFactorial(part) - logFactorial(degree - part)
        const integral = points.reduce((sum, t, at) => {
          return sum + weights[at]! * Math.exp(logBinomial + part * Math.log(t) + (degree - part) * Math.log1p(-t))
        }, 0)
        expect(Math.abs(integral * (degree + 1) - 1)).toBeLessThan(1e-10)
      }
    },
  )
})
