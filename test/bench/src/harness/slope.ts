/** A straight line through values that were taken at equal intervals. */
export interface Slope {
  /** Per interval. */
  readonly perStep: number
  /** 95 % confidence interval of it; infinite below six values. */
  readonly low: number
  readonly high: number
}

const z = 1.959964
const leastFreedom = 3
const leastValues = 6

/**
 * Least squares, with the interval widened for values that follow their neighbours: their number is reduced by the lag-1
 * autocorrelation of the residuals (Santer et al. 2000, "Statistical significance of trends and trend differences in
 * layer-average atmospheric temperature time series", equations 4 to 6), both in the standard error and in the degrees of
 * freedom, of which three stay in any case.
 */
export function slopeOf(values: readonly number[]): Slope {
  const { length } = values
  const meanAt = (length - 1) / 2
  const mean = sum(values) / length
  const spread = sum(values.map((_, at) => (at - meanAt) ** 2))
  const perStep = sum(values.map((value, at) => (at - meanAt) * (value - mean))) / spread
  const residuals = values.map((value, at) => value - mean - perStep * (at - meanAt))
  const squares = sum(residuals.map((residual) => residual ** 2))
  const products = sum(residuals.slice(1).map((residual, at) => residual * (residuals[at] ?? 0)))
  const follows = squares === 0 ? 0 : Math.max(0, products / squares)
  if (length < leastValues) return { perStep, low: -Infinity, high: Infinity }
  const freedom = Math.max(leastFreedom, (length * (1 - follows)) / (1 + follows) - 2)
  const half = quantileOfT(freedom) * Math.sqrt(squares / freedom / spread)
  return { perStep, low: perStep - half, high: perStep + half }
}

/** The 97.5 % quantile of Student's t (Abramowitz and Stegun 26.7.5); from 3 degrees of freedom on within 1 %. */
function quantileOfT(freedom: number): number {
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ]
  return terms.reduce((quantile, term, at) => quantile + term / freedom ** (at + 1), z)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
