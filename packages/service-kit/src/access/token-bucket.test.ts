import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('TokenBucket', () => {
  it('lets a burst pass, then refuses and says how long to wait', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0)
    expect(bucket.take(5, 0)).toBe(0)
    expect(bucket.take(1, 0)).toBe(100)
    expect(bucket.take(1, 99)).toBeGreaterThan(0)
    expect(bucket.take(1, 100)).toBe(0)
  })

  it('lets a call above the burst pass when full, and makes up for it afterwards', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0)
    expect(bucket.take(25, 0)).toBe(0)
    expect(bucket.take(1, 2000)).toBe(100)
    expect(bucket.take(1, 2100)).toBe(0)
  })

  it('is not fooled by a clock that goes back', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 1000)
    expect(bucket.take(1, 1000)).toBe(0)
    expect(bucket.take(1, 0)).toBe(1000)
  })

  it('never gives more than burst + rate × time, and the wait it names is enough', () => {
    const calls = fc.array(
      fc.record({ cost: fc.integer({ min: 1, max: 5 }), passMs: fc.integer({ min: 0, max: 400 }) }),
    )
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 50 }), (sequence, perSecond) => {
        const bucket = new TokenBucket({ perSecond, burst: 5 }, 0)
        let nowMs = 0
        let taken = 0
        for (const { cost, passMs } of sequence) {
          nowMs += passMs
          const waitMs = bucket.take(cost, nowMs)
          nowMs += waitMs
          expect(waitMs === 0 || bucket.take(cost, nowMs) === 0).toBe(true)
          taken += cost
          expect(taken).toBeLessThanOrEqual(5 + (nowMs * perSecond) / 1000 + 1e-6)
        }
      }),
    )
  })
})
