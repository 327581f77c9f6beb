import type { CsrMatrix } from '../sparse/csr.ts'

/** For every item its nearest items, best first: the entries `starts[i] .. starts[i + 1]` of `items` and `scores`. */
export interface NeighbourLists {
  readonly starts: Int32Array
  readonly items: Int32Array
  readonly scores: Float32Array
}

/** Appends ranked lists of unknown total length, one item after the other. */
export class NeighbourListBuilder {
  private readonly starts: Int32Array
  private items: Int32Array
  private scores: Float32Array
  private used = 0
  private row = 0

  constructor(itemCount: number, expectedLength: number) {
    this.starts = new Int32Array(itemCount + 1)
    this.items = new Int32Array(itemCount * expectedLength)
    this.scores = new Float32Array(itemCount * expectedLength)
  }

  /** The list of the next item: the first `count` of `items` and `scores`. */
  append(items: Int32Array, scores: Float32Array, count: number): void {
    if (this.used + count > this.items.length) this.grow(this.used + count)
    for (let entry = 0; entry < count; entry += 1) {
      this.items[this.used + entry] = items[entry] as number
      this.scores[this.used + entry] = scores[entry] as number
    }
    this.used += count
    this.row += 1
    this.starts[this.row] = this.used
  }

  build(): NeighbourLists {
    return { starts: this.starts, items: this.items.slice(0, this.used), scores: this.scores.slice(0, this.used) }
  }

  private grow(needed: number): void {
    const length = Math.max(needed, 2 * this.items.length, 1024)
    const { items, scores } = this
    this.items = new Int32Array(length)
    this.items.set(items)
    this.scores = new Float32Array(length)
    this.scores.set(scores)
  }
}

/** The first `count` entries of every list. */
export function truncateNeighbours(lists: NeighbourLists, count: number): NeighbourLists {
  const builder = new NeighbourListBuilder(lists.starts.length - 1, count)
  for (let item = 0; item + 1 < lists.starts.length; item += 1) {
    const start = lists.starts[item] as number
    const end = Math.min(lists.starts[item + 1] as number, start + count)
    builder.append(lists.items.subarray(start, end), lists.scores.subarray(start, end), end - start)
  }
  return builder.build()
}

/**
 * The lists turned round for scoring from a history: row `i` holds every item that has `i` among its neighbours, with that
 * similarity (items x items, columns ascending).
 */
export function neighboursToWeights(lists: NeighbourLists): CsrMatrix {
  const count = lists.starts.length - 1
  const starts = new Int32Array(count + 1)
  for (const item of lists.items) starts[item + 1] = (starts[item + 1] as number) + 1
  for (let item = 0; item < count; item += 1) starts[item + 1] = (starts[item + 1] as number) + (starts[item] as number)
  const next = starts.slice()
  const indices = new Int32Array(lists.items.length)
  const values = new Float32Array(lists.items.length)
  for (let item = 0; item < count; item += 1) {
    const end = lists.starts[item + 1] as number
    for (let entry = lists.starts[item] as number; entry < end; entry += 1) {
      const source = lists.items[entry] as number
      const slot = next[source] as number
      next[source] = slot + 1
      indices[slot] = item
      values[slot] = lists.scores[entry] as number
    }
  }
  return { rows: count, columns: count, starts, indices, values }
}
