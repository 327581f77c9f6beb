import { expect, test } from 'vitest'
import { populationStabilityIndex } from './population-stability.ts'

test('samples of one distribution differ by nothing', () => {
  expect(populationStabilityIndex([500, 300, 200], [5000, 3000, 2000])).toBeCloseTo(0, 5)
})

test('the index is the sum over bins of the difference of shares times the logarithm of their quotient', () => {
  const expected = (0.1 - 0.5) * Math.log(0.1 / 0.5) + (0.9 - 0.5) * Math.log(0.9 / 0.5)
  expect(populationStabilityIndex([50_000, 50_000], [10_000, 90_000])).toBeCloseTo(expected, 3)
})

test('an empty bin is no infinite difference', () => {
  expect(populationStabilityIndex([100, 0], [0, 100])).toBeLessThan(20)
})

test('other bins are refused', () => {
  expect(() => populationStabilityIndex([1, 2], [1])).toThrow('2 bins are expected, not 1')
})
