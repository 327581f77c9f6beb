import { argumentError } from '../errors.ts'
import { transposeCsr, type CsrMatrix } from '../sparse/csr.ts'
import { checkMatrix, isSparse, type DenseMatrix, type FeatureMatrix } from './feature-matrix.ts'

/**
 * A matrix by columns with every value replaced by the number of its bin (Ke et al. 2017, histogram-based trees). The bins of
 * feature `f` are numbered from 0 in the order of their values; together with `binStarts[f]` the number is unique over all
 * features ("flat"). Missing values have a bin of their own, the last.
 */
export interface BinnedFeatures {
  readonly rows: number
  readonly features: number
  /** The entries of feature `f` are `columnStarts[f] .. columnStarts[f + 1]`. */
  readonly columnStarts: Int32Array
  /** Row of every entry, ascending within a feature; undefined where every row has an entry, in order. */
  readonly entryRows: Int32Array | undefined
  readonly bins: Uint8Array
  /** Bin of the rows without an entry; -1 when there are none. */
  readonly impliedBins: Int16Array
  /** First flat bin of every feature; one more at the end. */
  readonly binStarts: Int32Array
  /** By flat bin: the least and the greatest training value; both infinite for missing values. */
  readonly lowest: Float32Array
  readonly highest: Float32Array
  /** By feature: the bin of missing values, -1 where none is missing. */
  readonly missingBins: Int16Array
}

/**
 * Distinct values have bins of their own while there are no more than `maxBins` (2 .. 255) of them; otherwise bins are runs of
 * values that hold about the same number of rows. Sorting every column is all the work. Throws RPT_ML_ARGUMENT_INVALID.
 */
export function binFeatures(matrix: FeatureMatrix, maxBins: number): BinnedFeatures {
  if (!(Number.isInteger(maxBins) && maxBins >= 2 && maxBins <= 255)) {
    throw argumentError('maxBins', `is ${maxBins}, not within 2..255`)
  }
  checkMatrix(matrix)
  return isSparse(matrix) ? binSparse(matrix, maxBins) : binDense(matrix, maxBins)
}

/** A threshold between two bins of a feature, the lower of which comes first; left means at or below it. */
export function thresholdBetween(
  { binStarts, lowest, highest }: BinnedFeatures,
  feature: number,
  bins: readonly [number, number],
): number {
  const first = binStarts[feature] as number
  const below = highest[first + bins[0]] as number
  const above = lowest[first + bins[1]] as number
  if (above === Number.POSITIVE_INFINITY) return above
  const middle = Math.fround(below + (above - below) / 2)
  return middle < above ? middle : below
}

function binDense({ rows, columns, values }: DenseMatrix, maxBins: number): BinnedFeatures {
  const bins = new Uint8Array(rows * columns)
  const boundaries = new BinBoundaries(columns)
  const column = new Float32Array(rows)
  for (let feature = 0; feature < columns; feature += 1) {
    for (let row = 0; row < rows; row += 1) column[row] = values[row * columns + feature] as number
    boundaries.add(column, 0, maxBins)
    for (let row = 0; row < rows; row += 1)
      bins[feature * rows + row] = boundaries.binOf(feature, column[row] as number)
  }
  return {
    rows,
    features: columns,
    columnStarts: Int32Array.from({ length: columns + 1 }, (_, feature) => feature * rows),
    entryRows: undefined,
    bins,
    impliedBins: new Int16Array(columns).fill(-1),
    ...boundaries.build(),
  }
}

function binSparse(matrix: CsrMatrix, maxBins: number): BinnedFeatures {
  const byColumn = transposeCsr(matrix)
  const { starts, indices, values } = byColumn
  const features = byColumn.rows
  const bins = new Uint8Array(values.length)
  const impliedBins = new Int16Array(features).fill(-1)
  const boundaries = new BinBoundaries(features)
  for (let feature = 0; feature < features; feature += 1) {
    const from = starts[feature] as number
    const to = starts[feature + 1] as number
    const absent = matrix.rows - (to - from)
    boundaries.add(values.subarray(from, to), absent, maxBins)
    for (let entry = from; entry < to; entry += 1) bins[entry] = boundaries.binOf(feature, values[entry] as number)
    if (absent > 0) impliedBins[feature] = boundaries.binOf(feature, 0)
  }
  return {
    rows: matrix.rows,
    features,
    columnStarts: starts,
    entryRows: indices,
    bins,
    impliedBins,
    ...boundaries.build(),
  }
}

/** Grows the bins of one feature after the other. */
class BinBoundaries {
  private readonly binStarts: Int32Array
  private readonly missingBins: Int16Array
  private readonly lowest: number[] = []
  private readonly highest: number[] = []
  private features = 0

  constructor(features: number) {
    this.binStarts = new Int32Array(features + 1)
    this.missingBins = new Int16Array(features).fill(-1)
  }

  /** Makes the bins of the next feature from its values and a number of zeros besides. */
  add(values: Float32Array, zeros: number, maxBins: number): void {
    const first = this.lowest.length
    const { distinct, counts, missing } = countDistinct(values, zeros)
    let left = values.length + zeros - missing
    let open = maxBins
    for (let at = 0; at < distinct.length;) {
      const alone = distinct.length - at <= open
      const target = alone ? 1 : left / open
      let held = 0
      this.lowest.push(distinct[at] as number)
      do {
        held += counts[at] as number
        at += 1
      } while (at < distinct.length && held + (counts[at] as number) / 2 < target)
      this.highest.push(distinct[at - 1] as number)
      left -= held
      open -= 1
    }
    if (missing > 0) {
      this.missingBins[this.features] = this.lowest.length - first
      this.lowest.push(Number.POSITIVE_INFINITY)
      this.highest.push(Number.POSITIVE_INFINITY)
    }
    this.features += 1
    this.binStarts[this.features] = this.lowest.length
  }

  /** The bin of a value that the feature has. */
  binOf(feature: number, value: number): number {
    if (Number.isNaN(value)) return this.missingBins[feature] as number
    const first = this.binStarts[feature] as number
    let low = first
    let high = (this.binStarts[feature + 1] as number) - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.highest[middle] as number) < value) low = middle + 1
      else high = middle
    }
    return low - first
  }

  build(): Pick<BinnedFeatures, 'binStarts' | 'missingBins' | 'lowest' | 'highest'> {
    const { binStarts, missingBins } = this
    return { binStarts, missingBins, lowest: Float32Array.from(this.lowest), highest: Float32Array.from(this.highest) }
  }
}

/** Values ascending, each with its number; NaN apart. */
function countDistinct(
  values: Float32Array,
  zeros: number,
): { readonly distinct: number[]; readonly counts: number[]; readonly missing: number } {
  const sorted = values.slice().sort()
  const distinct: number[] = []
  const counts: number[] = []
  let missing = 0
  const add = (value: number, count: number): void => {
    if (distinct.length > 0 && distinct.at(-1) === value) counts[counts.length - 1] = (counts.at(-1) as number) + count
    else {
      distinct.push(value)
      counts.push(count)
    }
  }
  let zerosLeft = zeros
  for (const value of sorted) {
    if (Number.isNaN(value)) missing += 1
    else if (!Number.isFinite(value)) throw argumentError('values', `has the value ${value}`)
    else {
      if (zerosLeft > 0 && value >= 0) {
        add(0, zerosLeft)
        zerosLeft = 0
      }
      add(value, 1)
    }
  }
  if (zerosLeft > 0) add(0, zerosLeft)
  return { distinct, counts, missing }
}
