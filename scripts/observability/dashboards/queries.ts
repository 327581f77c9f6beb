const range = '[$__rate_interval]'

/** Per second, by labels; `by` may be empty. */
export const rateBy = (by: string, selector: string): string => `sum by (${by}) (rate(${selector}${range}))`

/** A quantile of a histogram, by labels. */
export const quantileBy = (quantile: number, by: string, histogram: string, labels = ''): string =>
  `histogram_quantile(${quantile}, ${rateBy(by === '' ? 'le' : `le, ${by}`, `${histogram}_bucket${labels}`)})`

/** The share that one rate has of another, by the same labels. */
export const shareBy = (by: string, part: string, whole: string): string => `${rateBy(by, part)} / ${rateBy(by, whole)}`
