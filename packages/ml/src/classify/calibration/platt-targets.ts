export interface RowCounts {
  /** Rows of the class. */
  readonly positives: number
  readonly negatives: number
}

/** `positive[row]` is 1 where the row belongs to the class, otherwise 0. */
export function countRows(positive: Uint8Array): RowCounts {
  const positives = positive.reduce((sum, value) => sum + value, 0)
  return { positives, negatives: positive.length - positives }
}

/**
 * What a fit aims at in place of 1 and 0 (Platt 1999): `(positives + 1) / (positives + 2)` for rows of the class and
 * `1 / (negatives + 2)` for the others, the posterior means under a uniform prior, so that no score is certain.
 */
export function plattTargets({ positives, negatives }: RowCounts): { readonly high: number; readonly low: number } {
  return { high: (positives + 1) / (positives + 2), low: 1 / (negatives + 2) }
}
