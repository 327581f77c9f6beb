import type { AlertRule, RecordingRule, RuleGroup } from './rule-group.ts'

/** What users are promised, as a share of good events over 30 days. */
interface Slo {
  readonly name: string
  /** For people. */
  readonly title: string
  /** Name of its alert, and of the alert's runbook. */
  readonly alert: string
  /** Share of events that may be bad. */
  readonly budget: number
  /** One sentence without its full stop; `$labels` of the ratio may stand in it. */
  readonly promise: string
  /** PromQL of the rate of bad events and of all, over a range such as `5m`. */
  readonly bad: (range: string) => string
  readonly all: (range: string) => string
}

const requests = 'rapport_http_request_duration_seconds'
const freshness = 'rapport_feature_freshness_seconds'
const byJob = (inner: string): string => `sum by (job) (${inner})`
const total = (inner: string): string => `sum (${inner})`

const api = 'route=~"/v1/.*"'
const answered = 'route=~"/v1/recommendations.*", status=~"2.."'
const events = 'topic="rapport.events.v1"'
/** Prometheus 3 writes whole bounds of buckets with a decimal, version 2 as they are exported. */
const oneSecond = 'le=~"1|1[.]0"'

/** The objectives, each over 30 days. */
export const slos: readonly Slo[] = [
  {
    name: 'availability',
    title: 'Calls without 5xx',
    alert: 'RapportAvailabilityBudgetBurn',
    budget: 0.001,
    promise: '99.9 % of the API calls to {{ $labels.job }} are not answered with 5xx',
    bad: (range) => byJob(`rate(${requests}_count{${api}, status=~"5.."}[${range}])`),
    all: (range) => byJob(`rate(${requests}_count{${api}}[${range}])`),
  },
  {
    name: 'recommendation-latency',
    title: 'Recommendations within 50 ms',
    alert: 'RapportRecommendationLatencyBudgetBurn',
    budget: 0.01,
    promise: '99 % of the recommendations of {{ $labels.job }} are answered within 50 ms',
    bad: (range) =>
      `${byJob(`rate(${requests}_count{${answered}}[${range}])`)} - ${byJob(`rate(${requests}_bucket{${answered}, le="0.05"}[${range}])`)}`,
    all: (range) => byJob(`rate(${requests}_count{${answered}}[${range}])`),
  },
  {
    name: 'freshness',
    title: 'Events applied within 1 s',
    alert: 'RapportFreshnessBudgetBurn',
    budget: 0.01,
    promise: '99 % of the events change features and recommendations within a second of their acceptance',
    bad: (range) =>
      `${total(`rate(${freshness}_count{${events}}[${range}])`)} - ${total(`rate(${freshness}_bucket{${events}, ${oneSecond}}[${range}])`)}`,
    all: (range) => total(`rate(${freshness}_count{${events}}[${range}])`),
  },
]

interface BurnPair {
  /** How many times faster than allowed the budget is spent. */
  readonly rate: number
  readonly long: string
  /** A twelfth of `long`: it ends the alert soon after the errors end. */
  readonly short: string
}

/**
 * Pairs of windows and burn rates of the Site Reliability Workbook (Beyer et al., 2018), chapter 5, table 5-8: 2 % of the
 * budget of 30 days in an hour and 5 % in six hours page; 10 % in a day or in three make a ticket.
 */
const burns: Readonly<Record<'page' | 'ticket', readonly BurnPair[]>> = {
  page: [
    { rate: 14.4, long: '1h', short: '5m' },
    { rate: 6, long: '6h', short: '30m' },
  ],
  ticket: [
    { rate: 3, long: '1d', short: '2h' },
    { rate: 1, long: '3d', short: '6h' },
  ],
}
const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d']
const recordOf = (window: string): string => `rapport:slo_errors:ratio_rate${window}`

/** Without any bad event there is no series of them: then the share is 0, as long as there are events at all. */
const shareOfBad = ({ name, bad, all }: Slo, window: string): RecordingRule => ({
  record: recordOf(window),
  labels: { slo: name },
  expr: `((${bad(window)}) or 0 * ${all(window)}) / (${all(window)} > 0)`,
})

function burnAlert({ name, alert, budget, promise }: Slo, severity: 'page' | 'ticket'): AlertRule {
  const over = (window: string, rate: number): string => `${recordOf(window)}{slo="${name}"} > ${rate} * ${budget}`
  const pairs = burns[severity].map(({ rate, long, short }) => `(${over(long, rate)} and ${over(short, rate)})`)
  return {
    alert,
    expr: pairs.join('\nor\n'),
    labels: { severity, slo: name },
    annotations: {
      summary: `The error budget is spent too fast: ${promise}; now {{ $value | humanizePercentage }} do not.`,
    },
  }
}

/** Shares of bad events over every window, and the alerts on how fast they spend the budget. */
export const sloGroups: readonly RuleGroup[] = slos.map((slo) => ({
  name: `rapport-slo-${slo.name}`,
  rules: [...windows.map((window) => shareOfBad(slo, window)), burnAlert(slo, 'page'), burnAlert(slo, 'ticket')],
}))
