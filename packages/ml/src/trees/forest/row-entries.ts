import type { BinnedFeatures } from '../binned-features.ts'

/** The entries of sparse binned features by rows. */
export interface RowEntries {
  readonly starts: Int32Array
  readonly features: Int32Array
  readonly bins: Uint8Array
}

/** By rows what is stored by columns; undefined for dense features, which have nothing to gain from it. */
export function toRowEntries({
  rows,
  features,
  columnStarts,
  entryRows,
  bins,
}: BinnedFeatures): RowEntries | undefined {
  if (entryRows === undefined) return undefined
  const starts = new Int32Array(rows + 1)
  for (const row of entryRows) starts[row + 1] = (starts[row + 1] as number) + 1
  for (let row = 0; row < rows; row += 1) starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number)
  const next = starts.slice()
  const byRow = { starts, features: new Int32Array(bins.length), bins: new Uint8Array(bins.length) }
  for (let feature = 0; feature < features; feature += 1) {
    const end = columnStarts[feature + 1] as number
    for (let entry = columnStarts[feature] as number; entry < end; entry += 1) {
      const row = entryRows[entry] as number
      const slot = next[row] as number
      next[row] = slot + 1
      byRow.features[slot] = feature
      byRow.bins[slot] = bins[entry] as number
    }
  }
  return byRow
}
