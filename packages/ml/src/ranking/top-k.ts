import { argumentError } from '../errors.ts'
import type { Bitset } from './bitset.ts'

/**
 * Keeps the best `k` of the items offered to it, in a heap: no sort of the catalogue, no allocation after construction.
 * Higher scores win, equal scores go to the lower item index, NaN is never kept. Reusable, not re-entrant.
 */
export class TopK {
  readonly capacity: number
  /** After `finish()`: items and scores, best first, `count` of them. */
  readonly items: Int32Array
  readonly scores: Float32Array
  count = 0
  private limit: number

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw argumentError('capacity', `is ${capacity}, not a positive integer`)
    this.capacity = capacity
    this.limit = capacity
    this.items = new Int32Array(capacity)
    this.scores = new Float32Array(capacity)
  }

  /** Forgets everything; at most `limit` (<= capacity) items are kept from here on. */
  reset(limit: number = this.capacity): void {
    this.limit = Math.min(limit, this.capacity)
    this.count = 0
  }

  offer(item: number, exactScore: number): void {
    const score = Math.fround(exactScore) // compared as it is kept
    if (this.count < this.limit) {
      if (Number.isNaN(score)) return
      this.siftUp(item, score)
      this.count += 1
      return
    }
    if (this.limit === 0) return
    const worst = this.scores[0] as number
    if (score > worst || (score === worst && item < (this.items[0] as number))) this.siftDown(item, score, this.count)
  }

  /** Orders what was kept, best first, and gives how many there are. */
  finish(): number {
    for (let end = this.count - 1; end > 0; end -= 1) {
      const item = this.items[end] as number
      const score = this.scores[end] as number
      this.items[end] = this.items[0] as number
      this.scores[end] = this.scores[0] as number
      this.siftDown(item, score, end)
    }
    return this.count
  }

  /** The best `limit` of a whole catalogue's scores, leaving out the items in `exclude`; gives how many were found. */
  select(scores: Float32Array, limit: number = this.capacity, exclude?: Bitset): number {
    this.reset(limit)
    if (this.limit === 0) return 0
    let threshold = Number.NEGATIVE_INFINITY
    for (let item = 0; item < scores.length; item += 1) {
      const score = scores[item] as number
      // Once full an equal score never displaces: the items come in ascending order.
      if (this.count === this.limit && !(score > threshold)) continue
      if (exclude !== undefined && exclude.has(item)) continue
      this.offer(item, score)
      threshold = this.scores[0] as number
    }
    return this.finish()
  }

  private siftUp(item: number, score: number): void {
    const { items, scores } = this
    let slot = this.count
    while (slot > 0) {
      const parent = (slot - 1) >>> 1
      const parentScore = scores[parent] as number
      const parentItem = items[parent] as number
      if (!(score < parentScore || (score === parentScore && item > parentItem))) break
      scores[slot] = parentScore
      items[slot] = parentItem
      slot = parent
    }
    scores[slot] = score
    items[slot] = item
  }

  private siftDown(item: number, score: number, size: number): void {
    const { items, scores } = this
    let slot = 0
    for (;;) {
      let child = 2 * slot + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && isWorse(scores, items, right, child)) child = right
      const childScore = scores[child] as number
      const childItem = items[child] as number
      if (!(childScore < score || (childScore === score && childItem > item))) break
      scores[slot] = childScore
      items[slot] = childItem
      slot = child
    }
    scores[slot] = score
    items[slot] = item
  }
}

function isWorse(scores: Float32Array, items: Int32Array, a: number, b: number): boolean {
  const scoreA = scores[a] as number
  const scoreB = scores[b] as number
  return scoreA < scoreB || (scoreA === scoreB && (items[a] as number) > (items[b] as number))
}
