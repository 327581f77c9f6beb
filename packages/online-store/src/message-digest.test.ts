import { describe, expect, it } from 'vitest'
import { digestOf } from './message-digest.ts'

describe('message digest', () => {
  it('spreads ids that differ in little over all 64 bits', () => {
    const seen = new Set<string>()
    const ones = Array.from({ length: 64 }, () => 0)
    const count = 50_000
    for (let index = 0; index < count; index++) {
      const { high, low } = digestOf(`import-2026-row-${index}`)
      seen.add(`${high}:${low}`)
      for (let bit = 0; bit < 32; bit++) {
        ones[bit] = (ones[bit] ?? 0) + ((low >>> bit) & 1)
        ones[32 + bit] = (ones[32 + bit] ?? 0) + ((high >>> bit) & 1)
      }
    }
    expect(seen.size).toBe(count)
    // 6 standard deviations of a fair coin
    const slack = 6 * Math.sqrt(count / 4)
    for (const sum of ones) expect(Math.abs(sum - count / 2)).toBeLessThan(slack)
  })

  it('has no more collisions of either half than chance gives', () => {
    const count = 100_000
    const digests = Array.from({ length: count }, (_, index) => digestOf(`${index}`))
    // count² / 2³³ is 1.2 expected
    expect(count - new Set(digests.map(({ low }) => low)).size).toBeLessThan(10)
    expect(count - new Set(digests.map(({ high }) => high)).size).toBeLessThan(10)
  })

  it('never changes: digests are stored', () => {
    expect(digestOf('message-1')).toEqual({ high: 607_786_458, low: 1_370_257_852 })
  })
})
