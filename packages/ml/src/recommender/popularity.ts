import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'

/** Interactions in parallel arrays, in any order. */
export interface Interactions {
  /** Item index of every interaction. */
  readonly items: ArrayLike<number>
  /** All ones when absent. */
  readonly weights?: ArrayLike<number>
  /** Event times in milliseconds since the epoch; needed for a half-life. */
  readonly timesMs?: ArrayLike<number>
}

export interface PopularityOptions {
  /** An interaction this much older than `asOfMs` counts half. No decay when absent. */
  readonly halfLifeMs?: number
  readonly asOfMs?: number
}

/**
 * Weighted, decayed popularity of every item: the sum over its interactions of `weight * 2^-(asOf - time) / halfLife`.
 * Interactions later than `asOfMs` count as if they were of that moment.
 */
export function popularity(
  itemCount: number,
  interactions: Interactions,
  options: PopularityOptions = {},
): Float32Array {
  const { items, weights, timesMs } = interactions
  const { halfLifeMs, asOfMs } = options
  if (halfLifeMs !== undefined && (timesMs === undefined || asOfMs === undefined || !(halfLifeMs > 0))) {
    throw argumentError('halfLifeMs', 'must be positive and needs timesMs and asOfMs')
  }
  const sums = new Float64Array(itemCount)
  for (let entry = 0; entry < items.length; entry += 1) {
    const item = items[entry] as number
    if (!(item >= 0 && item < itemCount))
      throw argumentError(`items[${entry}]`, `is ${item}, not within 0..${itemCount - 1}`)
    let amount = weights === undefined ? 1 : (weights[entry] as number)
    if (halfLifeMs !== undefined && timesMs !== undefined && asOfMs !== undefined) {
      amount *= 2 ** (-Math.max(0, asOfMs - (timesMs[entry] as number)) / halfLifeMs)
    }
    sums[item] = (sums[item] as number) + amount
  }
  return Float32Array.from(sums)
}

/** Sum of every column of users x items. */
export const popularityOf = (interactions: CsrMatrix): Float32Array =>
  popularity(interactions.columns, { items: interactions.indices, weights: interactions.values })
