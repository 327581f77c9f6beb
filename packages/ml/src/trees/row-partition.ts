import type { BinnedFeatures } from './binned-features.ts'

/** Which bins of a feature go right. */
export interface BinSplit {
  readonly feature: number
  /** Bins above this go right. */
  readonly lastLeftBin: number
  /** Where missing values go, whatever the number of their bin. */
  readonly missingLeft: boolean
}

/** Sorts the rows of a node into those of its two children, keeping their order. */
export class RowPartition {
  private readonly binned: BinnedFeatures
  private readonly goesRight: Uint8Array
  private readonly scratch: Int32Array

  constructor(binned: BinnedFeatures) {
    this.binned = binned
    this.goesRight = new Uint8Array(binned.rows)
    this.scratch = new Int32Array(binned.rows)
  }

  /** Reorders `rows[from .. to]`, left ones first, and says where the right ones begin. */
  split(rows: Int32Array, from: number, to: number, split: BinSplit): number {
    this.mark(rows, from, to, split)
    const { goesRight, scratch } = this
    let left = from
    let right = 0
    for (let at = from; at < to; at += 1) {
      const row = rows[at] as number
      if (goesRight[row] === 1) {
        scratch[right] = row
        right += 1
      } else {
        rows[left] = row
        left += 1
      }
    }
    rows.set(scratch.subarray(0, right), left)
    return left
  }

  private mark(rows: Int32Array, from: number, to: number, { feature, lastLeftBin, missingLeft }: BinSplit): void {
    const { goesRight } = this
    const { columnStarts, entryRows, bins, impliedBins, missingBins } = this.binned
    const missing = missingBins[feature] as number
    const first = columnStarts[feature] as number
    const rightOf = (bin: number): number => {
      if (bin === missing) return missingLeft ? 0 : 1
      return bin > lastLeftBin ? 1 : 0
    }
    if (entryRows === undefined) {
      for (let at = from; at < to; at += 1) {
        const row = rows[at] as number
        goesRight[row] = rightOf(bins[first + row] as number)
      }
      return
    }
    const implied = rightOf(impliedBins[feature] as number)
    const end = columnStarts[feature + 1] as number
    if ((to - from) * searchCost < end - first) {
      for (let at = from; at < to; at += 1) {
        const row = rows[at] as number
        const entry = findRow(entryRows, first, end, row)
        goesRight[row] = entry < 0 ? implied : rightOf(bins[entry] as number)
      }
      return
    }
    for (let at = from; at < to; at += 1) goesRight[rows[at] as number] = implied
    for (let entry = first; entry < end; entry += 1)
      goesRight[entryRows[entry] as number] = rightOf(bins[entry] as number)
  }
}

/** A search for one row in a column costs about as much as reading that many of its entries. */
const searchCost = 16

function findRow(entryRows: Int32Array, from: number, to: number, row: number): number {
  let low = from
  let high = to - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = entryRows[middle] as number
    if (found === row) return middle
    if (found < row) low = middle + 1
    else high = middle - 1
  }
  return -1
}
