import type { TrendBucket } from '@rapport/features'
import { describe, expect, it } from 'vitest'
import { defaultEventWeights } from './behaviour-events.ts'
import { ItemTable } from './item-table.ts'
import { compactBucket, computeTrends, dayMs, hourMs, type CompactBucket, type TrendCounts } from './trend-windows.ts'

const table = new ItemTable()
const today = Date.UTC(2026, 0, 20)
const bucketOf = (startMs: number, counts: Record<string, number>): CompactBucket => {
  const countsByEvent = new Map([['Product Viewed', new Map(Object.entries(counts))]])
  return compactBucket({ startMs, countsByEvent }, defaultEventWeights, table)
}
/** Days before today with the same counts, and the hours of today. */
const shopOf = (daily: Record<string, number>, days: number, lastHour: Record<string, number>): TrendCounts => ({
  newestMs: today + 23.5 * hourMs,
  days: [
    ...Array.from({ length: days }, (_, at) => bucketOf(today - (days - at) * dayMs, daily)),
    bucketOf(today, lastHour),
  ],
  hours: [bucketOf(today + 22 * hourMs, lastHour)],
})
const scoreOf = (scores: Float32Array, id: string): number => scores[table.indexOf(id) ?? -1] ?? 0

describe('compactBucket', () => {
  it('weighs events and leaves out those without a weight', () => {
    const bucket: TrendBucket = {
      startMs: 0,
      countsByEvent: new Map([
        ['Product Viewed', new Map([['w', 4]])],
        ['Order Completed', new Map([['w', 2]])],
        ['Product Removed', new Map([['w', 50]])],
      ]),
    }
    expect([...compactBucket(bucket, defaultEventWeights, table).amounts]).toEqual([4 * 1 + 2 * 5])
  })
})

describe('computeTrends', () => {
  it('halves popularity for each week of age', () => {
    const counts = {
      newestMs: today,
      hours: [],
      days: [bucketOf(today - 8 * dayMs, { p: 8 }), bucketOf(today, { q: 8 })],
    }
    const { popular } = computeTrends(counts, table.size + 2)
    expect(scoreOf(popular, 'p')).toBeCloseTo(4)
    expect(scoreOf(popular, 'q')).toBeCloseTo(8)
  })

  it('ranks a rise above a bestseller on its usual level', () => {
    const { popular, trending } = computeTrends(
      shopOf({ bestseller: 100, sleeper: 1 }, 7, { bestseller: 100, sleeper: 12 }),
      table.size + 2,
    )
    expect(scoreOf(popular, 'bestseller')).toBeGreaterThan(scoreOf(popular, 'sleeper'))
    expect(scoreOf(trending, 'sleeper')).toBeGreaterThan(scoreOf(trending, 'bestseller'))
  })

  it('follows the formula', () => {
    const { trending } = computeTrends(shopOf({ f: 3, g: 5 }, 7, { f: 12, g: 5 }), table.size + 2)
    const mean = (3 + 5) / 2
    expect(scoreOf(trending, 'f')).toBeCloseTo((12 - 3) / Math.sqrt(3 + mean), 4)
  })

  it('does not let what falls trend', () => {
    expect(scoreOf(computeTrends(shopOf({ h: 10 }, 7, { h: 2 }), table.size + 1).trending, 'h')).toBe(0)
  })

  it('counts a day that the window cuts only outside the window', () => {
    const yesterday = today - dayMs
    const counts: TrendCounts = {
      newestMs: today + 11.5 * hourMs,
      days: [bucketOf(yesterday, { cut: 10 })],
      hours: [bucketOf(yesterday + 20 * hourMs, { cut: 10 })],
    }
    const { trending } = computeTrends(counts, table.size + 1)
    // All of the day's ten lie inside the window, so nothing was there before.
    expect(scoreOf(trending, 'cut')).toBeCloseTo(10)
  })
})
