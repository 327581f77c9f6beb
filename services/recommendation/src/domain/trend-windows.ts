import type { TrendBucket } from '@rapport/features'
import type { ItemTable } from './item-table.ts'

export const hourMs = 60 * 60 * 1000
export const dayMs = 24 * hourMs

/** Weighted counts of one closed or running bucket, by item-table index. */
export interface CompactBucket {
  readonly startMs: number
  readonly indices: Int32Array
  readonly amounts: Float32Array
}

/** Adds an item's events up to one amount by their weights; events without a weight are left out. */
export function compactBucket(
  bucket: TrendBucket,
  eventWeights: ReadonlyMap<string, number>,
  table: ItemTable,
): CompactBucket {
  const amounts = new Map<number, number>()
  for (const [event, counts] of bucket.countsByEvent) {
    const weight = eventWeights.get(event) ?? 0
    if (weight <= 0) continue
    for (const [itemId, count] of counts) {
      const index = table.intern(itemId)
      amounts.set(index, (amounts.get(index) ?? 0) + weight * count)
    }
  }
  return {
    startMs: bucket.startMs,
    indices: Int32Array.from(amounts.keys()),
    amounts: Float32Array.from(amounts.values()),
  }
}

export interface TrendCounts {
  /** Event time of the tenant's newest event; windows end here, so that a history loaded today has trends too. */
  readonly newestMs: number
  /** Ascending. */
  readonly hours: readonly CompactBucket[]
  readonly days: readonly CompactBucket[]
}

export interface Trends {
  /** By item-table index, 0 for what nobody touched or what does not rise. */
  readonly popular: Float32Array
  readonly trending: Float32Array
}

/** Of a tenant whose counts have not been read. */
export const noTrends = (): Trends => ({ popular: new Float32Array(0), trending: new Float32Array(0) })

const popularHalfLifeMs = 7 * dayMs
/**
 * Popularity: each day's weighted count, halved for each 7 days that the day's end lies before the newest event.
 *
 * Trending: with `c` the weighted count of the last 24 hours and `B` that of the up to 7 days before, `m` those days'
 * number (at least 1; counted from the first day with counts, so that a young shop is not measured against days it did
 * not have), the expectation is `e = B / m` and the rise `(c - e) / sqrt(e + s)`, a Pearson residual smoothed by
 * `s = max(1, mean e of all items counted)`: a few clicks on an item that nobody knows stay below a real rise. What is not
 * positive does not trend.
 */
export function computeTrends(counts: TrendCounts, size: number): Trends {
  const popular = new Float32Array(size)
  for (const day of counts.days) {
    const ageMs = Math.max(0, counts.newestMs - (day.startMs + dayMs))
    addInto(popular, day, 2 ** (-ageMs / popularHalfLifeMs))
  }
  return { popular, trending: rise(counts, size) }
}

function rise({ newestMs, hours, days }: TrendCounts, size: number): Float32Array {
  const windowStartMs = Math.floor(newestMs / hourMs) * hourMs - 23 * hourMs
  const recent = new Float32Array(size)
  for (const hour of hours) if (hour.startMs >= windowStartMs) addInto(recent, hour, 1)
  // Days are counted whole, so the day in which the window starts is taken less its part inside the window.
  const baseline = new Float32Array(size)
  const baselineStartMs = Math.floor(windowStartMs / dayMs) * dayMs - 7 * dayMs
  const before = days.filter(({ startMs }) => startMs >= baselineStartMs && startMs < windowStartMs)
  for (const day of before) addInto(baseline, day, 1)
  for (const hour of hours) {
    const dayStartMs = Math.floor(hour.startMs / dayMs) * dayMs
    if (hour.startMs >= windowStartMs && dayStartMs < windowStartMs) addInto(baseline, hour, -1)
  }
  const [first] = before
  const windows = first === undefined ? 0 : (windowStartMs - first.startMs) / dayMs
  return againstExpectation(recent, baseline, windows)
}

function againstExpectation(recent: Float32Array, baseline: Float32Array, windows: number): Float32Array {
  const divisor = Math.max(1, windows)
  let total = 0
  let items = 0
  for (let index = 0; index < recent.length; index += 1) {
    const expected = Math.max(0, baseline[index] ?? 0) / divisor
    if (expected === 0 && recent[index] === 0) continue
    total += expected
    items += 1
  }
  const smoothing = items === 0 ? 1 : Math.max(1, total / items)
  const rises = new Float32Array(recent.length)
  for (let index = 0; index < recent.length; index += 1) {
    const expected = Math.max(0, baseline[index] ?? 0) / divisor
    rises[index] = Math.max(0, ((recent[index] ?? 0) - expected) / Math.sqrt(expected + smoothing))
  }
  return rises
}

function addInto(sums: Float32Array, bucket: CompactBucket, factor: number): void {
  const { indices, amounts } = bucket
  for (let at = 0; at < indices.length; at += 1) {
    const index = indices[at] ?? 0
    sums[index] = (sums[index] ?? 0) + factor * (amounts[at] ?? 0)
  }
}
