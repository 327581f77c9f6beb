/** The rows of a node, summed. */
export interface NodeTotals {
  readonly rows: number
  readonly weight: number
  /** Weight by class. */
  readonly classes: Float64Array
}

export interface GiniSplit {
  readonly feature: number
  /** Highest bin on the left and lowest bin on the right that the node has rows in. */
  readonly bins: readonly [number, number]
  /** Sum over both sides of `sum of squared class weights / weight`: greatest where the weighted Gini impurity is least. */
  readonly quality: number
}

/**
 * Finds the split of one feature in a node with the least Gini impurity (Breiman et al. 1984). Its entries are handed in one by
 * one; rows of the node without an entry lie in the implied bin.
 */
export class GiniSweep {
  /** Row and bin of the entries; set by the caller before `best`. */
  readonly rows: Int32Array
  readonly bins: Uint8Array
  private readonly labels: Int32Array
  private readonly weights: Float64Array
  private readonly minLeafRows: number
  private readonly sortedRows: Int32Array
  private readonly sortedBins: Uint8Array
  private readonly binCounts = new Int32Array(257)
  private readonly right: Float64Array
  private readonly implied: Float64Array

  constructor(data: {
    readonly capacity: number
    readonly labels: Int32Array
    readonly weights: Float64Array
    readonly classes: number
    readonly minLeafRows: number
  }) {
    this.rows = new Int32Array(data.capacity)
    this.bins = new Uint8Array(data.capacity)
    this.sortedRows = new Int32Array(data.capacity)
    this.sortedBins = new Uint8Array(data.capacity)
    this.labels = data.labels
    this.weights = data.weights
    this.minLeafRows = data.minLeafRows
    this.right = new Float64Array(data.classes)
    this.implied = new Float64Array(data.classes)
  }

  /** `impliedBin` is -1 where every row of the node has an entry. Undefined where the feature is constant or leaves would be too small. */
  best(feature: number, count: number, impliedBin: number, totals: NodeTotals): GiniSplit | undefined {
    const impliedRows = totals.rows - count
    this.sortDescending(count)
    const { sortedRows, sortedBins, labels, weights, right, minLeafRows } = this
    const { classes } = totals
    right.fill(0)
    let rightRows = 0
    let rightWeight = 0
    let rightSquares = 0
    let leftSquares = 0
    for (const weight of classes) leftSquares += weight * weight
    let impliedOpen = impliedRows > 0
    let quality = Number.NEGATIVE_INFINITY
    let low = -1
    let high = -1
    for (let at = 0; at < count || impliedOpen;) {
      const entryBin = at < count ? (sortedBins[at] as number) : -1
      const bin = impliedOpen && impliedBin >= entryBin ? impliedBin : entryBin
      if (bin === impliedBin && impliedOpen) {
        impliedOpen = false
        // The lowest block never has to move: what is left of it is nothing.
        if (at === count) break
        this.sumImplied(count, classes)
        for (let label = 0; label < classes.length; label += 1) {
          const weight = this.implied[label] as number
          const inRight = right[label] as number
          leftSquares += weight * (weight - 2 * ((classes[label] as number) - inRight))
          rightSquares += weight * (weight + 2 * inRight)
          right[label] = inRight + weight
          rightWeight += weight
        }
        rightRows += impliedRows
      }
      for (; at < count && sortedBins[at] === bin; at += 1) {
        const row = sortedRows[at] as number
        const label = labels[row] as number
        const weight = weights[row] as number
        const inRight = right[label] as number
        leftSquares += weight * (weight - 2 * ((classes[label] as number) - inRight))
        rightSquares += weight * (weight + 2 * inRight)
        right[label] = inRight + weight
        rightWeight += weight
        rightRows += 1
      }
      const leftRows = totals.rows - rightRows
      if (leftRows < minLeafRows || leftRows === 0) break
      if (rightRows < minLeafRows) continue
      const found = leftSquares / (totals.weight - rightWeight) + rightSquares / rightWeight
      if (found <= quality) continue
      quality = found
      high = bin
      low = at < count ? (sortedBins[at] as number) : -1
      if (impliedOpen) low = Math.max(low, impliedBin)
    }
    return high < 0 ? undefined : { feature, bins: [low, high], quality }
  }

  private sumImplied(count: number, classes: Float64Array): void {
    const { implied, labels, weights, rows } = this
    implied.set(classes)
    for (let at = 0; at < count; at += 1) {
      const row = rows[at] as number
      const label = labels[row] as number
      implied[label] = (implied[label] as number) - (weights[row] as number)
    }
  }

  private sortDescending(count: number): void {
    const { rows, bins, sortedRows, sortedBins, binCounts } = this
    if (count <= insertionLimit) {
      for (let at = 0; at < count; at += 1) {
        const bin = bins[at] as number
        const row = rows[at] as number
        let slot = at
        for (; slot > 0 && (sortedBins[slot - 1] as number) < bin; slot -= 1) {
          sortedBins[slot] = sortedBins[slot - 1] as number
          sortedRows[slot] = sortedRows[slot - 1] as number
        }
        sortedBins[slot] = bin
        sortedRows[slot] = row
      }
      return
    }
    binCounts.fill(0)
    for (let at = 0; at < count; at += 1) {
      const slot = 255 - (bins[at] as number) + 1
      binCounts[slot] = (binCounts[slot] as number) + 1
    }
    for (let slot = 0; slot < 256; slot += 1)
      binCounts[slot + 1] = (binCounts[slot + 1] as number) + (binCounts[slot] as number)
    for (let at = 0; at < count; at += 1) {
      const bin = bins[at] as number
      const to = binCounts[255 - bin] as number
      binCounts[255 - bin] = to + 1
      sortedBins[to] = bin
      sortedRows[to] = rows[at] as number
    }
  }
}

const insertionLimit = 24
