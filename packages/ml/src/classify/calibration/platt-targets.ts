/**
 * What a fit aims at in place of 1 and 0 (Platt 1999): `(positives + 1) / (positives + 2)` for rows of the class and
 * `1 / (negatives + 2)` for the others, the posterior means under a uniform prior, so that no score is certain.
 */
export function plattTargets(positive: Uint8Array): { readonly high: number; readonly low: number } {
  const positives = positive.reduce((sum, value) => sum + value, 0)
  return { high: (positives + 1) / (positives + 2), low: 1 / (positive.length - positives + 2) }
}
