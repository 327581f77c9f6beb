import { grown, type SpanList } from './span-list.ts'

/** The matrix that a vectorizer gives: compressed sparse rows, columns ascending; `@rapport/ml`'s `CsrMatrix`. */
export interface TermMatrix {
  readonly rows: number
  readonly columns: number
  readonly starts: Int32Array
  readonly indices: Int32Array
  readonly values: Float32Array
}

/** Counts the features of one text at a time. */
export class TermTally {
  /** The distinct features of the text: the first `length` of these. */
  ids = new Int32Array(256)
  length = 0
  private counts: Int32Array

  constructor(columns = 1024) {
    this.counts = new Int32Array(columns)
  }

  /** `columns`: above every id. */
  take(found: SpanList, columns: number): void {
    this.clear()
    if (columns > this.counts.length) this.counts = grown(this.counts, 2 * columns)
    if (found.length > this.ids.length) this.ids = new Int32Array(2 * found.length)
    const { ids, counts } = this
    for (let at = 0; at < found.length; at += 1) {
      const id = found.ids[at] as number
      const before = counts[id] as number
      if (before === 0) ids[this.length++] = id
      counts[id] = before + 1
    }
  }

  sort(): void {
    this.ids.subarray(0, this.length).sort()
  }

  countOf(id: number): number {
    return this.counts[id] as number
  }

  private clear(): void {
    for (let at = 0; at < this.length; at += 1) this.counts[this.ids[at] as number] = 0
    this.length = 0
  }
}

/** Rows of (feature, count), one after another. */
export class CountRows {
  readonly starts: number[] = [0]
  ids = new Int32Array(1024)
  counts = new Int32Array(1024)

  get rows(): number {
    return this.starts.length - 1
  }

  add(tally: TermTally): void {
    const start = this.starts.at(-1) as number
    const end = start + tally.length
    if (end > this.ids.length) {
      this.ids = grown(this.ids, 2 * end)
      this.counts = grown(this.counts, 2 * end)
    }
    for (let at = 0; at < tally.length; at += 1) {
      const id = tally.ids[at] as number
      this.ids[start + at] = id
      this.counts[start + at] = tally.countOf(id)
    }
    this.starts.push(end)
  }

  /** In how many rows each feature is. */
  documentFrequencies(features: number): Int32Array {
    const frequencies = new Int32Array(features)
    const end = this.starts.at(-1) as number
    for (let at = 0; at < end; at += 1) {
      const id = this.ids[at] as number
      frequencies[id] = (frequencies[id] as number) + 1
    }
    return frequencies
  }

  /** How often each feature is there in all. */
  totals(features: number): Float64Array {
    const totals = new Float64Array(features)
    const end = this.starts.at(-1) as number
    for (let at = 0; at < end; at += 1) {
      const id = this.ids[at] as number
      totals[id] = (totals[id] as number) + (this.counts[at] as number)
    }
    return totals
  }
}
