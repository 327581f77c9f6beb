/**
 * Metrics of one ranked list: `hits[r]` is 1 when the item at rank `r` (from 0) is relevant, `relevant` is how many relevant
 * items there are in all. All are 0 when nothing relevant exists.
 */
export interface JudgedList {
  readonly hits: Uint8Array
  readonly relevant: number
}

/** Relevant items among the first k over all relevant items. */
export const recallAt = (list: JudgedList, k: number): number =>
  list.relevant === 0 ? 0 : hitsAt(list, k) / list.relevant

/** The same over what k places can hold at most: `min(k, relevant)`. */
export const cappedRecallAt = (list: JudgedList, k: number): number =>
  list.relevant === 0 ? 0 : hitsAt(list, k) / Math.min(k, list.relevant)

/** 1 when a relevant item is among the first k. */
export const hitRateAt = (list: JudgedList, k: number): number => (hitsAt(list, k) > 0 ? 1 : 0)

/** Reciprocal of the rank of the first relevant item among the first k, else 0. */
export function reciprocalRankAt(list: JudgedList, k: number): number {
  const rank = list.hits.subarray(0, k).indexOf(1)
  return rank === -1 ? 0 : 1 / (rank + 1)
}

/** Binary NDCG: gain 1 / log2(rank + 2), the ideal list having `min(k, relevant)` hits first. */
export function ndcgAt(list: JudgedList, k: number): number {
  if (list.relevant === 0) return 0
  let gain = 0
  for (let rank = 0; rank < Math.min(k, list.hits.length); rank += 1) {
    if (list.hits[rank] === 1) gain += 1 / Math.log2(rank + 2)
  }
  let ideal = 0
  for (let rank = 0; rank < Math.min(k, list.relevant); rank += 1) ideal += 1 / Math.log2(rank + 2)
  return gain / ideal
}

function hitsAt(list: JudgedList, k: number): number {
  let hits = 0
  for (let rank = 0; rank < Math.min(k, list.hits.length); rank += 1) hits += list.hits[rank] as number
  return hits
}
