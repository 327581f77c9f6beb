import type { BinnedFeatures } from '../binned-features.ts'
import type { Derivatives } from './loss.ts'

/** Gradient, Hessian and rows of every flat bin. */
export type Histogram = Float64Array

/** Sums of a node. */
export interface NodeSums {
  readonly gradient: number
  readonly hessian: number
  readonly rows: number
}

/**
 * Builds the histograms of nodes (Ke et al. 2017, Algorithm 1). Features that can't split anything, because all bins but one have
 * fewer than `minChildRows` rows together, are left out from the start.
 */
export class HistogramBuilder {
  /** Features that can split. */
  readonly features: Int32Array
  private readonly binned: BinnedFeatures
  /** By row: the flat bins of its entries in those features. */
  private readonly starts: Int32Array
  private readonly flatBins: Int32Array
  private readonly free: Histogram[] = []

  constructor(binned: BinnedFeatures, minChildRows: number) {
    this.binned = binned
    this.features = usableFeatures(binned, minChildRows)
    const { columnStarts, entryRows, bins, binStarts, rows } = binned
    this.starts = new Int32Array(rows + 1)
    const eachEntry = (visit: (row: number, flatBin: number) => void): void => {
      for (const feature of this.features) {
        const first = columnStarts[feature] as number
        const end = columnStarts[feature + 1] as number
        for (let entry = first; entry < end; entry += 1) {
          const row = entryRows === undefined ? entry - first : (entryRows[entry] as number)
          visit(row, (binStarts[feature] as number) + (bins[entry] as number))
        }
      }
    }
    eachEntry((row) => {
      this.starts[row + 1] = (this.starts[row + 1] as number) + 1
    })
    for (let row = 0; row < rows; row += 1)
      this.starts[row + 1] = (this.starts[row + 1] as number) + (this.starts[row] as number)
    this.flatBins = new Int32Array(this.starts[rows] as number)
    const next = this.starts.slice()
    eachEntry((row, flatBin) => {
      const slot = next[row] as number
      next[row] = slot + 1
      this.flatBins[slot] = flatBin
    })
  }

  /** The histogram of `rows[from .. to]`. Its memory may be given back by `release`. */
  build(
    rows: Int32Array,
    range: { readonly from: number; readonly to: number },
    by: Derivatives,
    sums: NodeSums,
  ): Histogram {
    const histogram = this.take()
    histogram.fill(0)
    const { starts, flatBins } = this
    const { gradients, hessians } = by
    for (let at = range.from; at < range.to; at += 1) {
      const row = rows[at] as number
      const gradient = gradients[row] as number
      const hessian = hessians[row] as number
      const end = starts[row + 1] as number
      for (let entry = starts[row] as number; entry < end; entry += 1) {
        const cell = 3 * (flatBins[entry] as number)
        histogram[cell] = (histogram[cell] as number) + gradient
        histogram[cell + 1] = (histogram[cell + 1] as number) + hessian
        histogram[cell + 2] = (histogram[cell + 2] as number) + 1
      }
    }
    this.fillImplied(histogram, sums)
    return histogram
  }

  /** Turns the parent's histogram into that of the other child. */
  subtract(parent: Histogram, child: Histogram): Histogram {
    for (let cell = 0; cell < parent.length; cell += 1)
      parent[cell] = (parent[cell] as number) - (child[cell] as number)
    return parent
  }

  release(histogram: Histogram): void {
    this.free.push(histogram)
  }

  private take(): Histogram {
    return this.free.pop() ?? new Float64Array(3 * this.binned.lowest.length)
  }

  /** Rows without an entry are what the entries leave of the node. */
  private fillImplied(histogram: Histogram, sums: NodeSums): void {
    const { impliedBins, binStarts } = this.binned
    for (const feature of this.features) {
      const implied = impliedBins[feature] as number
      if (implied < 0) continue
      let { gradient, hessian, rows } = sums
      const first = binStarts[feature] as number
      const end = binStarts[feature + 1] as number
      for (let bin = first; bin < end; bin += 1) {
        gradient -= histogram[3 * bin] as number
        hessian -= histogram[3 * bin + 1] as number
        rows -= histogram[3 * bin + 2] as number
      }
      const cell = 3 * (first + implied)
      histogram[cell] = (histogram[cell] as number) + gradient
      histogram[cell + 1] = (histogram[cell + 1] as number) + hessian
      histogram[cell + 2] = (histogram[cell + 2] as number) + rows
    }
  }
}

function usableFeatures(binned: BinnedFeatures, minChildRows: number): Int32Array {
  const { features, columnStarts, bins, binStarts, impliedBins, rows } = binned
  const counts = new Int32Array(256)
  return Int32Array.from({ length: features }, (_, feature) => feature).filter((feature) => {
    const size = (binStarts[feature + 1] as number) - (binStarts[feature] as number)
    if (size < 2) return false
    counts.fill(0)
    const first = columnStarts[feature] as number
    const end = columnStarts[feature + 1] as number
    for (let entry = first; entry < end; entry += 1) {
      const bin = bins[entry] as number
      counts[bin] = (counts[bin] as number) + 1
    }
    const implied = impliedBins[feature] as number
    if (implied >= 0) counts[implied] = (counts[implied] as number) + rows - (end - first)
    return rows - counts.reduce((a, b) => Math.max(a, b)) >= minChildRows
  })
}
