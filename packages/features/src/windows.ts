import { featureWindows, type FeatureHalfLife, type FeatureWindow } from '@rapport/contracts'
import type { Bucket } from '@rapport/online-store'
import { dayMs, hourMs } from './layout.ts'
import type { Count } from './registers.ts'

export const windows = featureWindows
export type Window = FeatureWindow

const windowMs: Readonly<Record<Exclude<Window, 'all'>, number>> = {
  '1h': hourMs,
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
}

const fiveMinutesMs = 5 * 60 * 1000

interface Level {
  readonly buckets: readonly Bucket[]
  readonly widthMs: number
  /** From here on every bucket is kept. */
  readonly coveredFromMs: number
}

/**
 * Counts (or sums) in `(asOf - window, asOf]`. The edges fall on buckets: five minutes wide near the counter's newest
 * event, an hour wide further back, and a bucket that an edge cuts is counted whole. Undefined when buckets that the
 * answer needs were dropped already (`asOf` far in the past).
 */
export function countInWindow(count: Count, window: Window, asOfMs: number): number | undefined {
  const later = amountFrom(count, asOfMs, 'after')
  const within = window === 'all' ? count.total : amountFrom(count, asOfMs - windowMs[window], 'from')
  return later === undefined || within === undefined ? undefined : within - later
}

/** Start of the newest bucket that is not after `asOfMs`. */
export function newestBucketMs(count: Count, asOfMs: number): number | undefined {
  const upTo = ([startMs]: Bucket): boolean => startMs <= asOfMs
  return (count.fiveMinutes.findLast(upTo) ?? count.hours.findLast(upTo))?.[0]
}

/** The sum of all buckets from the one that holds `atMs` on, or of those after it. */
function amountFrom(count: Count, atMs: number, edge: 'from' | 'after'): number | undefined {
  const newest = count.fiveMinutes.at(-1)?.[0] ?? count.hours.at(-1)?.[0]
  if (newest === undefined || atMs >= newest + hourMs) return 0
  for (const level of levelsOf(count)) {
    const startMs = Math.floor(atMs / level.widthMs) * level.widthMs
    if (startMs < level.coveredFromMs) continue
    return level.buckets.reduce(
      (sum, [at, amount]) => (at > startMs || (at === startMs && edge === 'from') ? sum + amount : sum),
      0,
    )
  }
  return undefined
}

function levelsOf(count: Count): readonly Level[] {
  return [level(count, count.fiveMinutes, fiveMinutesMs, 25 * hourMs), level(count, count.hours, hourMs, 31 * dayMs)]
}

/** `keptMs` is an hour or a day less than what stores keep, so that the edge bucket is surely whole. */
function level(count: Count, buckets: readonly Bucket[], widthMs: number, keptMs: number): Level {
  const kept = buckets.reduce((sum, [, amount]) => sum + amount, 0)
  const newest = buckets.at(-1)?.[0] ?? Number.POSITIVE_INFINITY
  return { buckets, widthMs, coveredFromMs: kept === count.total ? Number.NEGATIVE_INFINITY : newest - keptMs }
}

/**
 * Exponentially decayed count: the sum of `amount * 2^(-age / halfLife)` over the hour buckets up to `asOfMs`, the age
 * taken from a bucket's middle. What is older than the buckets reach back (32 days) counts nothing.
 */
export function decayedCount(count: Count, halfLifeMs: number, asOfMs: number): number {
  let sum = 0
  for (const [startMs, amount] of count.hours) {
    if (startMs <= asOfMs) sum += amount * 2 ** (-Math.max(0, asOfMs - startMs - hourMs / 2) / halfLifeMs)
  }
  return sum
}

export type HalfLife = FeatureHalfLife
export const halfLifeMs = (halfLife: HalfLife): number => windowMs[halfLife]
