import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayMs, hourMs } from './layout.ts'
import type { Count } from './registers.ts'
import { countInWindow, decayedCount, newestBucketMs, windows } from './windows.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const fiveMinutesMs = 5 * 60_000

/** A counter as the store keeps it. */
function countOfEvents(times: readonly number[]): Count {
  const newest = Math.max(...times)
  const buckets = (widthMs: number, keptMs: number): (readonly [number, number])[] => {
    const newestStart = Math.floor(newest / widthMs) * widthMs
    const amounts = new Map<number, number>()
    for (const time of times) {
      const start = Math.floor(time / widthMs) * widthMs
      if (start > newestStart - keptMs) amounts.set(start, (amounts.get(start) ?? 0) + 1)
    }
    return [...amounts].sort(([a], [b]) => a - b)
  }
  return {
    op: 'count',
    total: times.length,
    fiveMinutes: buckets(fiveMinutesMs, 26 * hourMs),
    hours: buckets(hourMs, 32 * dayMs),
  }
}

describe('counts in windows', () => {
  const ages = [0, 30 * 60_000, 3.5 * hourMs, 23 * hourMs, 3 * dayMs, 20 * dayMs, 300 * dayMs]
  const count = countOfEvents(ages.map((age) => noon - age))

  it('grow with the window', () => {
    expect(windows.map((window) => countInWindow(count, window, noon))).toEqual([2, 4, 5, 6, 7])
  })
  it('move on with the time of reading', () => {
    expect(windows.map((window) => countInWindow(count, window, noon + 2 * dayMs))).toEqual([0, 0, 5, 6, 7])
    expect(windows.map((window) => countInWindow(count, window, noon + 90 * dayMs))).toEqual([0, 0, 0, 0, 7])
  })
  it('can be read as of an earlier time', () => {
    expect(windows.map((window) => countInWindow(count, window, noon - 2 * hourMs))).toEqual([0, 2, 3, 4, 5])
  })
  it('are not made up where buckets were dropped', () => {
    expect(countInWindow(count, '30d', noon - 40 * dayMs)).toBeUndefined()
    expect(countInWindow(count, 'all', noon - 40 * dayMs)).toBeUndefined()
    expect(countInWindow(countOfEvents([noon]), '30d', noon - 40 * dayMs)).toBe(0)
  })
  it('are those of the events, up to one bucket at each edge', () => {
    const age = fc.integer({ min: 0, max: 33 * dayMs })
    fc.assert(
      fc.property(
        fc.array(age, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(...windows),
        fc.integer({ min: 0, max: 20 * hourMs }),
        (ages, window, back) => {
          const times = ages.map((each) => noon - each)
          const asOf = Math.max(...times) - back
          const counted = countInWindow(countOfEvents(times), window, asOf)
          const widths = { '1h': hourMs, '24h': dayMs, '7d': 7 * dayMs, '30d': 30 * dayMs, all: 1e15 }
          const within = (from: number, until: number): number =>
            times.filter((time) => time > from && time <= until).length
          const edge = window === '1h' ? fiveMinutesMs : hourMs
          expect(counted).toBeGreaterThanOrEqual(within(asOf - widths[window], asOf))
          expect(counted).toBeLessThanOrEqual(within(asOf - widths[window] - edge, asOf + edge))
        },
      ),
    )
  })
})

describe('decayed counts', () => {
  it('halve with each half-life', () => {
    const fresh = decayedCount(countOfEvents([noon]), dayMs, noon + hourMs / 2)
    expect(fresh).toBe(1)
    expect(decayedCount(countOfEvents([noon]), dayMs, noon + hourMs / 2 + dayMs)).toBeCloseTo(0.5, 12)
    expect(decayedCount(countOfEvents([noon, noon]), dayMs, noon + hourMs / 2 + 3 * dayMs)).toBeCloseTo(0.25, 12)
  })
  it('leave out what is later', () => {
    expect(decayedCount(countOfEvents([noon, noon - 2 * hourMs]), dayMs, noon - hourMs)).toBeLessThan(1)
    expect(newestBucketMs(countOfEvents([noon, noon - 2 * hourMs]), noon - hourMs)).toBe(noon - 2 * hourMs)
  })
})
