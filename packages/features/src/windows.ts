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
  /** The sum of all buckets. */
  readonly kept: number
  /** From here on every bucket is kept. */
  readonly coveredFromMs: number
}

/** A counter as of a time: what all windows need is found once. */
export class CountReading {
  readonly #count: Count
  readonly #asOfMs: number
  readonly #levels: readonly Level[]
  /** From here on there is surely nothing. */
  readonly #endMs: number
  /** What was counted after `asOf`. */
  readonly #later: number | undefined

  constructor(count: Count, asOfMs: number) {
    const newest = count.fiveMinutes.at(-1)?.[0] ?? count.hours.at(-1)?.[0]
    this.#count = count
    this.#asOfMs = asOfMs
    this.#levels = [
      toLevel(count, count.fiveMinutes, fiveMinutesMs, 25 * hourMs),
      toLevel(count, count.hours, hourMs, 31 * dayMs),
    ]
    this.#endMs = newest === undefined ? Number.NEGATIVE_INFINITY : newest + hourMs
    this.#later = this.#amountFrom(asOfMs, 'after')
  }

  /**
   * Counts (or sums) in `(asOf - window, asOf]`. The edges fall on buckets: five minutes wide near the counter's newest
   * event, an hour wide further back, and a bucket that an edge cuts is counted whole. Undefined when buckets that the
   * answer needs were dropped already (`asOf` far in the past).
   */
  inWindow(window: Window): number | undefined {
    const within = window === 'all' ? this.#count.total : this.#amountFrom(this.#asOfMs - windowMs[window], 'from')
    return this.#later === undefined || within === undefined ? undefined : within - this.#later
  }

  /** See `decayedCount`. */
  decayed(halfLifeMs: number): number {
    return decayedCount(this.#count, halfLifeMs, this.#asOfMs)
  }

  /** Start of the newest bucket that is not after `asOf`. */
  get newestBucketMs(): number | undefined {
    return newestBucketMs(this.#count, this.#asOfMs)
  }

  /** The sum of all buckets from the one that holds `atMs` on, or of those after it. */
  #amountFrom(atMs: number, edge: 'from' | 'after'): number | undefined {
    if (atMs >= this.#endMs) return 0
    for (const level of this.#levels) {
      const startMs = Math.floor(atMs / level.widthMs) * level.widthMs
      if (startMs >= level.coveredFromMs) return sumFrom(level, edge === 'from' ? startMs : startMs + level.widthMs)
    }
    return undefined
  }
}

/** The sum of one counter of several members in a window; undefined where that of one cannot be told any more. */
export function sumInWindow(counts: readonly CountReading[], window: Window): number | undefined {
  let sum = 0
  for (const count of counts) {
    const amount = count.inWindow(window)
    if (amount === undefined) return undefined
    sum += amount
  }
  return sum
}

/** As `CountReading.inWindow`, for one window alone. */
export const countInWindow = (count: Count, window: Window, asOfMs: number): number | undefined =>
  new CountReading(count, asOfMs).inWindow(window)

/** Start of the newest bucket that is not after `asOfMs`. */
export function newestBucketMs(count: Count, asOfMs: number): number | undefined {
  const upTo = ([startMs]: Bucket): boolean => startMs <= asOfMs
  return (count.fiveMinutes.findLast(upTo) ?? count.hours.findLast(upTo))?.[0]
}

/** `keptMs` is an hour or a day less than what stores keep, so that the edge bucket is surely whole. */
function toLevel(count: Count, buckets: readonly Bucket[], widthMs: number, keptMs: number): Level {
  let kept = 0
  for (const [, amount] of buckets) kept += amount
  const newest = buckets.at(-1)?.[0] ?? Number.POSITIVE_INFINITY
  return { buckets, widthMs, kept, coveredFromMs: kept === count.total ? Number.NEGATIVE_INFINITY : newest - keptMs }
}

/** The sum of the buckets that start at `fromMs` or later: from the newest back, or of all at once. */
function sumFrom({ buckets, kept }: Level, fromMs: number): number {
  const [oldest] = buckets
  if (oldest === undefined || oldest[0] >= fromMs) return kept
  let sum = 0
  for (let index = buckets.length - 1; index > 0; index--) {
    const [startMs, amount] = buckets[index] as Bucket
    if (startMs < fromMs) break
    sum += amount
  }
  return sum
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
