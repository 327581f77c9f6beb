import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minimise, type Objective } from './lbfgs.ts'

const options = { tolerance: 1e-9, maxIterations: 500, memory: 5 }

/** `sum of scale_i (x_i - centre_i)^2 / 2`. */
const bowl = (scales: readonly number[], centres: readonly number[]): Objective => ({
  evaluate(x, gradient) {
    let value = 0
    for (const [at, scale] of scales.entries()) {
      const off = x[at]! - centres[at]!
      gradient[at] = scale * off
      value += (scale * off * off) / 2
    }
    return Promise.resolve(value)
  },
})

describe('minimise', () => {
  it('finds the bottom of a curved valley (Rosenbrock 1960)', async () => {
    const valley: Objective = {
      evaluate([a, b], gradient) {
        const off = b! - a! * a!
        gradient[0] = -2 * (1 - a!) - 400 * a! * off
        gradient[1] = 200 * off
        return Promise.resolve((1 - a!) ** 2 + 100 * off * off)
      },
    }
    const x = Float64Array.of(-1.2, 1)
    expect(await minimise(valley, x, { ...options, tolerance: 1e-6 })).toBe(true)
    expect(x[0]).toBeCloseTo(1, 5)
    expect(x[1]).toBeCloseTo(1, 5)
  })

  it('with an l1 part, is the soft threshold of a bowl', async () => {
    const scale = fc.double({ min: 0.1, max: 10, noNaN: true })
    const centre = fc.double({ min: -5, max: 5, noNaN: true })
    const cases = fc.array(fc.tuple(scale, centre), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(cases, fc.double({ min: 0, max: 3, noNaN: true }), async (places, weight) => {
        const scales = places.map(([value]) => value)
        const centres = places.map(([, value]) => value)
        const count = places.length - 1
        const x = new Float64Array(places.length)
        await minimise({ ...bowl(scales, centres), l1: { weight, count } }, x, options)
        for (const [at, { 0: curve, 1: middle }] of places.entries()) {
          const shrunk = at < count ? Math.max(0, Math.abs(middle) - weight / curve) : Math.abs(middle)
          expect(x[at]).toBeCloseTo(Math.sign(middle) * shrunk, 5)
        }
      }),
    )
  })

  it('says when it has not arrived', async () => {
    expect(await minimise(bowl([1, 100], [3, -4]), new Float64Array(2), { ...options, maxIterations: 1 })).toBe(false)
  })
})
