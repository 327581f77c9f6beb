import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { randomBelow } from '../../random.ts'
import type { BinnedFeatures } from '../binned-features.ts'
import type { GiniSplit, GiniSweep, NodeTotals } from './gini-sweep.ts'
import type { RowEntries } from './row-entries.ts'

/** A node: its rows are `rows[from .. to]`, and `nodeOf[row]` is `node` for them alone. */
export interface OpenNode {
  readonly node: number
  readonly from: number
  readonly to: number
  readonly depth: number
  readonly totals: NodeTotals
}

/**
 * The best split among randomly drawn features (Breiman 2001, Forest-RI). As many features are drawn as asked for; only when
 * all of them are constant in the node it is drawn on until one is not, as scikit-learn does. Of sparse features the cheaper
 * of two ways is taken: reading the drawn columns, or reading the rows of the node for what was drawn; so a node costs no more
 * than the entries of its rows, and large nodes about the mean column length times the features drawn.
 */
export class SplitSearch {
  private readonly binned: BinnedFeatures
  private readonly byRow: RowEntries | undefined
  private readonly sweep: GiniSweep
  private readonly rows: Int32Array
  private readonly nodeOf: Int32Array
  private readonly order: Int32Array
  private readonly hits: HitLists

  constructor(parts: {
    readonly binned: BinnedFeatures
    readonly byRow: RowEntries | undefined
    readonly sweep: GiniSweep
    readonly rows: Int32Array
    readonly nodeOf: Int32Array
  }) {
    this.binned = parts.binned
    this.byRow = parts.byRow
    this.sweep = parts.sweep
    this.rows = parts.rows
    this.nodeOf = parts.nodeOf
    this.order = Int32Array.from({ length: parts.binned.features }, (_, feature) => feature)
    this.hits = new HitLists(parts.binned.features)
  }

  /** Forgets the order that earlier draws left, so that a tree depends on its own random numbers alone. */
  reset(): void {
    for (let feature = 0; feature < this.order.length; feature += 1) this.order[feature] = feature
  }

  find(node: OpenNode, draws: number, random: RandomGenerator): GiniSplit | undefined {
    const { features } = this.binned
    const drawn = Math.min(draws, features)
    let columnWork = 0
    for (let draw = 0; draw < drawn; draw += 1) {
      const feature = this.draw(draw, random)
      columnWork += (this.binned.columnStarts[feature + 1] as number) - (this.binned.columnStarts[feature] as number)
    }
    if (this.byRow === undefined) return this.byColumns(node, drawn, random)
    if (columnWork <= this.rowWork(this.byRow, node)) {
      const found = this.byColumns(node, drawn, undefined)
      if (found !== undefined) return found
    } else {
      this.hits.clear()
      for (let draw = 0; draw < drawn; draw += 1) this.hits.want(this.order[draw] as number)
      this.hits.collect(this.byRow, this.rows, node)
      const found = this.bestOfHits(node, drawn)
      if (found !== undefined) return found
    }
    return this.anyOfRows(this.byRow, node, random)
  }

  /** Swaps a feature that has not been drawn yet into that place. */
  private draw(place: number, random: RandomGenerator): number {
    const { order } = this
    const other = place + randomBelow(random, order.length - place)
    const feature = order[other] as number
    order[other] = order[place] as number
    order[place] = feature
    return feature
  }

  private rowWork({ starts }: RowEntries, { from, to }: OpenNode): number {
    let work = 0
    for (let at = from; at < to; at += 1) {
      const row = this.rows[at] as number
      work += (starts[row + 1] as number) - (starts[row] as number)
    }
    return work
  }

  /** With a random generator it draws on while there is no split. */
  private byColumns(node: OpenNode, drawn: number, random: RandomGenerator | undefined): GiniSplit | undefined {
    let best: GiniSplit | undefined
    for (let place = 0; place < drawn; place += 1) best = better(best, this.ofColumn(this.order[place] as number, node))
    if (random === undefined) return best
    for (let place = drawn; place < this.order.length && best === undefined; place += 1) {
      best = this.ofColumn(this.draw(place, random), node)
    }
    return best
  }

  private ofColumn(feature: number, { node, from, to, totals }: OpenNode): GiniSplit | undefined {
    const { sweep, rows, nodeOf } = this
    const { columnStarts, entryRows, bins, impliedBins } = this.binned
    const first = columnStarts[feature] as number
    let count = 0
    if (entryRows === undefined) {
      for (let at = from; at < to; at += 1) {
        const row = rows[at] as number
        sweep.rows[count] = row
        sweep.bins[count] = bins[first + row] as number
        count += 1
      }
    } else {
      const end = columnStarts[feature + 1] as number
      for (let entry = first; entry < end; entry += 1) {
        const row = entryRows[entry] as number
        if (nodeOf[row] !== node) continue
        sweep.rows[count] = row
        sweep.bins[count] = bins[entry] as number
        count += 1
      }
    }
    return count === 0 ? undefined : sweep.best(feature, count, impliedBins[feature] as number, totals)
  }

  private bestOfHits(node: OpenNode, drawn: number): GiniSplit | undefined {
    let best: GiniSplit | undefined
    for (let place = 0; place < drawn; place += 1) best = better(best, this.ofHits(this.order[place] as number, node))
    return best
  }

  private ofHits(feature: number, { totals }: OpenNode): GiniSplit | undefined {
    const count = this.hits.read(feature, this.sweep)
    return count === 0 ? undefined : this.sweep.best(feature, count, this.binned.impliedBins[feature] as number, totals)
  }

  /** What drawing on would come to: any feature that can split the node, all alike. */
  private anyOfRows(byRow: RowEntries, node: OpenNode, random: RandomGenerator): GiniSplit | undefined {
    this.hits.clear()
    this.hits.wantAll()
    const present = this.hits.collect(byRow, this.rows, node)
    for (let place = 0; place < present.length; place += 1) {
      const other = place + randomBelow(random, present.length - place)
      const feature = present[other] as number
      present[other] = present[place] as number
      const found = this.ofHits(feature, node)
      if (found !== undefined) return found
    }
    return undefined
  }
}

const better = (a: GiniSplit | undefined, b: GiniSplit | undefined): GiniSplit | undefined =>
  b !== undefined && (a === undefined || b.quality > a.quality) ? b : a

/** The entries of a node's rows in the wanted features, as one linked list a feature. */
class HitLists {
  private readonly wantedIn: Int32Array
  private readonly head: Int32Array
  private row = new Int32Array(1024)
  private bin = new Uint8Array(1024)
  private next = new Int32Array(1024)
  private used = 0
  private round = 0
  private present: number[] = []

  constructor(features: number) {
    this.wantedIn = new Int32Array(features).fill(-1)
    this.head = new Int32Array(features).fill(-1)
  }

  clear(): void {
    for (const feature of this.present) this.head[feature] = -1
    this.present = []
    this.used = 0
    this.round += 1
  }

  want(feature: number): void {
    this.wantedIn[feature] = this.round
  }

  wantAll(): void {
    this.wantedIn.fill(this.round)
  }

  /** The features with a hit. */
  collect(byRow: RowEntries, rows: Int32Array, { from, to }: OpenNode): number[] {
    const { wantedIn, head, round } = this
    for (let at = from; at < to; at += 1) {
      const row = rows[at] as number
      const end = byRow.starts[row + 1] as number
      for (let entry = byRow.starts[row] as number; entry < end; entry += 1) {
        const feature = byRow.features[entry] as number
        if (wantedIn[feature] !== round) continue
        if (this.used === this.row.length) this.grow()
        const before = head[feature] as number
        if (before < 0) this.present.push(feature)
        this.row[this.used] = row
        this.bin[this.used] = byRow.bins[entry] as number
        this.next[this.used] = before
        head[feature] = this.used
        this.used += 1
      }
    }
    return this.present.slice()
  }

  /** Hands the entries of a feature to the sweep and says how many there are. */
  read(feature: number, sweep: GiniSweep): number {
    let count = 0
    for (let hit = this.head[feature] as number; hit >= 0; hit = this.next[hit] as number) {
      sweep.rows[count] = this.row[hit] as number
      sweep.bins[count] = this.bin[hit] as number
      count += 1
    }
    return count
  }

  private grow(): void {
    const size = 2 * this.row.length
    const { row, bin, next } = this
    this.row = new Int32Array(size)
    this.row.set(row)
    this.bin = new Uint8Array(size)
    this.bin.set(bin)
    this.next = new Int32Array(size)
    this.next.set(next)
  }
}
