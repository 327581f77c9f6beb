/** Added to every count: a bin that is empty on one side makes no infinite difference. */
const smoothing = 0.5

/**
 * Population stability index of two distributions over the same bins, sum((p - q) ln(p / q)) with p and q their shares: 0 when
 * they are equal; by custom less than 0.1 is no change and more than 0.25 a large one. Source: Siddiqi, "Credit Risk Scorecards"
 * (2006). @param expected Counts by bin. @param actual The same, of another sample.
 */
export function populationStabilityIndex(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  const { length: bins } = expected
  if (actual.length !== bins) throw new RangeError(`${bins} bins are expected, not ${actual.length}`)
  const [before, now] = [shares(expected), shares(actual)]
  return before.reduce((sum, p, bin) => sum + ((now[bin] as number) - p) * Math.log((now[bin] as number) / p), 0)
}

function shares(counts: ArrayLike<number>): readonly number[] {
  const smoothed = Array.from(counts, (count) => count + smoothing)
  const total = smoothed.reduce((sum, count) => sum + count, 0)
  return smoothed.map((count) => count / total)
}
