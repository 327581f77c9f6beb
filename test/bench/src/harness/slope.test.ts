import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { slopeOf } from './slope.ts'

/** Evenly distributed around 0. */
function noise(seed: number, count: number): number[] {
  const generator = xoroshiro128plus(seed)
  return Array.from({ length: count }, () => generator.next() / 2 ** 31)
}

test('a line without noise has its slope, certainly', () => {
  const { perStep, low, high } = slopeOf([3, 5, 7, 9, 11, 13])
  expect(perStep).toBeCloseTo(2, 10)
  expect(high - low).toBeCloseTo(0, 6)
})

// By hand: residual variance 0.02705, spread of x 17.5, t(0.975; 4) = 2.776.
test('the interval of residuals that do not follow each other is that of least squares', () => {
  const { perStep, low, high } = slopeOf([1, 2.1, 2.9, 4.2, 4.8, 6.1])
  expect(perStep).toBeCloseTo(0.99714, 4)
  expect([low, high].map((value) => Number(value.toFixed(2)))).toEqual([0.89, 1.11])
})

test('a growth that noise hides is within it, a larger one is not', () => {
  const flat = slopeOf(noise(1, 20))
  expect(flat.low).toBeLessThan(0)
  expect(flat.high).toBeGreaterThan(0)
  expect(slopeOf(noise(1, 20).map((value, at) => value + at / 4)).low).toBeGreaterThan(0)
})

test('values that follow each other say less', () => {
  let value = 0
  const walk = noise(2, 40).map((step) => (value = 0.7 * value + step))
  const shuffled = walk.map((_, at) => walk[(at * 17) % walk.length] ?? 0)
  const width = (values: readonly number[]): number => slopeOf(values).high - slopeOf(values).low
  expect(width(walk)).toBeGreaterThan(width(shuffled))
})

test('too few values say nothing', () => {
  expect(slopeOf([1, 2, 1, 2])).toMatchObject({ low: -Infinity, high: Infinity })
})
