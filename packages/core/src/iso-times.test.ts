import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IsoTimes } from './iso-times.ts'

const minuteMs = 60_000

describe('times as text', () => {
  it('are those of Date, near and far, before and after the epoch', () => {
    const times = new IsoTimes()
    const near = fc.integer({ min: -300_000, max: 300_000 }).map((ms) => Date.parse('2026-03-02T12:00:00Z') + ms)
    const far = fc.integer({ min: -8.64e15, max: 8.64e15 })
    fc.assert(
      fc.property(fc.oneof(near, far, fc.integer({ min: -100_000, max: 100_000 })), (atMs) => {
        expect(times.textOf(atMs)).toBe(new Date(atMs).toISOString())
      }),
    )
    for (const atMs of [0, -0, -1, -0.5, 0.9, 59_999.9, 1e12 + 0.25, -8.64e15, 8.64e15])
      expect(times.textOf(atMs)).toBe(new Date(atMs).toISOString())
  })

  it('are refused where Date refuses them', () => {
    for (const atMs of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + minuteMs])
      expect(() => new IsoTimes().textOf(atMs)).toThrow(RangeError)
  })
})
