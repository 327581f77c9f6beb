import type { Bucket } from '@rapport/online-store'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayMs, hourMs } from './layout.ts'
import type { Count } from './registers.ts'
import { CountReading, windows, type Window } from './windows.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const fiveMinutesMs = 5 * 60_000

interface Counted {
  readonly atMs: number
  readonly amount: number
}

/** A counter as the store keeps it. */
function countOf(counted: readonly Counted[]): Count {
  const newest = Math.max(...counted.map(({ atMs }) => atMs))
  const buckets = (widthMs: number, keptMs: number): Bucket[] => {
    const startOf = (atMs: number): number => Math.floor(atMs / widthMs) * widthMs
    const amounts = new Map<number, number>()
    for (const { atMs, amount } of counted) {
      const start = startOf(atMs)
      if (start > startOf(newest) - keptMs) amounts.set(start, (amounts.get(start) ?? 0) + amount)
    }
    return [...amounts].sort(([a], [b]) => a - b)
  }
  return {
    op: 'count',
    total: counted.reduce((sum, { amount }) => sum + amount, 0),
    fiveMinutes: buckets(fiveMinutesMs, 26 * hourMs),
    hours: buckets(hourMs, 32 * dayMs),
  }
}

const widths: Readonly<Record<Exclude<Window, 'all'>, number>> = {
  '1h': hourMs,
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
}

/** The same by looking at every bucket for each edge of each window. */
function plainAmount(count: Count, window: Window, asOfMs: number): number | undefined {
  const levels = [
    { buckets: count.fiveMinutes, widthMs: fiveMinutesMs, keptMs: 25 * hourMs },
    { buckets: count.hours, widthMs: hourMs, keptMs: 31 * dayMs },
  ]
  const newest = count.fiveMinutes.at(-1)?.[0] ?? count.hours.at(-1)?.[0]
  const amountBehind = (atMs: number, edge: 'from' | 'after'): number | undefined => {
    if (newest === undefined || atMs >= newest + hourMs) return 0
    for (const { buckets, widthMs, keptMs } of levels) {
      const startMs = Math.floor(atMs / widthMs) * widthMs
      const isWhole = buckets.reduce((sum, [, amount]) => sum + amount, 0) === count.total
      if (!isWhole && startMs < (buckets.at(-1)?.[0] ?? Number.POSITIVE_INFINITY) - keptMs) continue
      const within = buckets.filter(([at]) => at > startMs || (at === startMs && edge === 'from'))
      return within.reduce((sum, [, amount]) => sum + amount, 0)
    }
    return undefined
  }
  const later = amountBehind(asOfMs, 'after')
  const within = window === 'all' ? count.total : amountBehind(asOfMs - widths[window], 'from')
  return later === undefined || within === undefined ? undefined : within - later
}

const counted = fc.record({
  // Most near the newest, some where buckets have been dropped.
  ageMs: fc.oneof(
    fc.integer({ min: 0, max: 2 * hourMs }),
    fc.integer({ min: 0, max: 27 * hourMs }),
    fc.integer({ min: 0, max: 40 * dayMs }),
  ),
  amount: fc.integer({ min: -3, max: 50 }),
})
const asOf = fc.oneof(
  fc.integer({ min: -45 * dayMs, max: 45 * dayMs }),
  fc.integer({ min: -3 * hourMs, max: 3 * hourMs }),
)

describe('a counter as of a time', () => {
  it('has in each window what all its buckets say', () => {
    const told = { amount: 0, nothing: 0, unknown: 0 }
    fc.assert(
      fc.property(fc.array(counted, { minLength: 1, maxLength: 40 }), asOf, (entries, afterMs) => {
        const count = countOf(entries.map(({ ageMs, amount }) => ({ atMs: noon - ageMs, amount })))
        const reading = new CountReading(count, noon + afterMs)
        for (const window of windows) {
          const amount = plainAmount(count, window, noon + afterMs)
          told[amount === undefined ? 'unknown' : amount === 0 ? 'nothing' : 'amount'] += 1
          expect([window, reading.inWindow(window)]).toEqual([window, amount])
        }
      }),
      { numRuns: 1000 },
    )
    expect(Math.min(...Object.values(told))).toBeGreaterThan(100)
  })

  it('has nothing where nothing was counted', () => {
    const reading = new CountReading({ op: 'count', total: 0, fiveMinutes: [], hours: [] }, noon)
    expect(windows.map((window) => reading.inWindow(window))).toEqual([0, 0, 0, 0, 0])
    expect(reading.newestBucketMs).toBeUndefined()
  })
})
