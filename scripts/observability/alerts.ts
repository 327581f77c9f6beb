import { routePrefixes } from '../../packages/contracts/src/index.ts'
import type { AlertRule, RuleGroup, Severity } from './rule-group.ts'

interface Told extends Pick<AlertRule, 'alert' | 'expr' | 'for'> {
  readonly severity: Severity
  readonly summary: string
}

const toRule = ({ alert, expr, for: held, severity, summary }: Told): AlertRule => ({
  alert,
  expr,
  ...(held !== undefined && { for: held }),
  labels: { severity },
  annotations: { summary },
})

/**
 * That one of the totals has grown over a range, or has come to be: a series that begins with 1 has no increase. The value
 * says no more than that: totals of one process that have the same labels count as one.
 */
function grown(selectors: readonly string[], range: string, by: string): string {
  const each = selectors.map(
    (selector) => `  increase(${selector}[${range}]) > 0 or (${selector} unless ${selector} offset ${range}) > 0`,
  )
  return `sum by (${by}) (\n${each.join('\n  or\n')}\n)`
}

const lag = 'rapport_feature_lag_records'
const held = 'rapport_consumer_lag_records'
/** Wake-ups of trainings wait as long as their jobs do: for a free runner. */
const runners = 'group="rapport.training-runner"'
const working = 'group!="rapport.training-runner"'
const partitions = 'group, topic, partition'
const services = [...Object.keys(routePrefixes), 'gateway'].toSorted()
const anyService = services.join('|')

/**
 * A service without any process that answers: all are down, or their targets are gone with them. Where all runs in one
 * process the services have no targets, and where nothing is seen at all `RapportUnseen` tells.
 */
const nobodyAnswers = [
  '(',
  services.map((job) => `  label_replace(absent(up{job="${job}"} == 1), "job", "${job}", "", "")`).join('\n  or\n'),
  ')',
  `and on () group (up{job=~"${anyService}"})`,
  'or',
  'max by (job) (up{job="rapport"}) == 0',
].join('\n')

/** Series of processes that follow each other are one here, as long as one of them is there. */
const overTwoHours = (over: string, labels: string, metric: string): string =>
  `${over}_over_time((max by (${labels}) (${metric}{${runners}}))[2h:1m])`

/** A series that has just begun says nothing of the two hours: it must have been there for half of them. */
const nobodyTrains = [
  `${overTwoHours('min', 'group', held)} > 0`,
  'and on (group)',
  `${overTwoHours('count', 'group', held)} >= 60`,
  'unless on (group)',
  `max by (group) (changes((max by (${partitions}) (rapport_consumer_offset{${runners}}))[2h:1m])) > 0`,
].join('\n')

const reachability: readonly Told[] = [
  {
    alert: 'RapportUnseen',
    severity: 'page',
    expr: 'absent(rapport_heap_limit_bytes)',
    for: '5m',
    summary: 'No process of the platform is seen by Prometheus: everything is down, or nothing would tell if it were.',
  },
  {
    alert: 'RapportServiceDown',
    severity: 'page',
    expr: nobodyAnswers,
    for: '3m',
    summary: 'No process of {{ $labels.job }} has answered a scrape for 3 minutes.',
  },
  {
    alert: 'RapportProcessDown',
    severity: 'ticket',
    expr: `up{job=~"${anyService}|recommendation-canary|rapport"} == 0`,
    for: '5m',
    summary: '{{ $labels.instance }} of {{ $labels.job }} has not answered a scrape for 5 minutes.',
  },
  {
    alert: 'RapportOnlineStoreUnavailable',
    severity: 'page',
    expr: 'max by (job) (rapport_online_store_unavailable) == 1',
    for: '2m',
    summary:
      '{{ $labels.job }} cannot reach the online store: recommendations are degraded, and events wait to be applied.',
  },
  {
    alert: 'RapportObjectStoreFailing',
    severity: 'ticket',
    expr: 'sum by (job) (rate(rapport_object_store_failures_total[15m])) / sum by (job) (rate(rapport_object_store_requests_total[15m])) > 0.2',
    for: '15m',
    summary:
      '{{ $value | humanizePercentage }} of the requests of {{ $labels.job }} to the object store fail: the archive falls behind, and new models and keys do not arrive.',
  },
]

const events: readonly Told[] = [
  {
    alert: 'RapportConsumerStuck',
    severity: 'page',
    expr: [
      `(max by (${partitions}) (min_over_time(${lag}[10m])) or max by (${partitions}) (min_over_time(${held}{${working}}[10m]))) > 0`,
      `unless on (${partitions})`,
      `max by (${partitions}) (changes(rapport_consumer_offset[10m])) > 0`,
    ].join('\n'),
    for: '5m',
    summary:
      'Partition {{ $labels.partition }} of {{ $labels.topic }} has records for {{ $labels.group }}, and none was done for 10 minutes.',
  },
  {
    alert: 'RapportRecordsUnreadable',
    severity: 'page',
    expr: `max by (${partitions}) (rapport_consumer_unreadable_offset)`,
    for: '2m',
    summary:
      'Partition {{ $labels.partition }} of {{ $labels.topic }} stands still for {{ $labels.group }} before records at offset {{ $value }} that nobody can decode.',
  },
  {
    alert: 'RapportRecordsMissed',
    severity: 'page',
    expr: grown(
      [
        'rapport_feature_missed_records_total',
        'rapport_inbox_failures_total{kind="missed"}',
        'rapport_text_stream_failures_total{kind="missed"}',
        'rapport_sentiment_stream_failures_total{kind="missed"}',
      ],
      '30m',
      'job, group',
    ),
    summary:
      'Retention has removed records before {{ $labels.job }}{{ with $labels.group }} ({{ . }}){{ end }} had done them.',
  },
  {
    alert: 'RapportDeadLetters',
    severity: 'ticket',
    expr: grown(
      [
        'rapport_feature_dead_letters_total',
        'rapport_inbox_failures_total{kind="dead letter"}',
        'rapport_text_stream_failures_total{kind="dead letter"}',
        'rapport_sentiment_stream_failures_total{kind="dead letter"}',
      ],
      '30m',
      'job, code',
    ),
    summary: '{{ $labels.job }} has sent records to the dead letters{{ with $labels.code }}, as {{ . }}{{ end }}.',
  },
  {
    alert: 'RapportEventsRejected',
    severity: 'ticket',
    // Where nothing was ever accepted there is no series of it.
    expr: 'sum (rate(rapport_events_rejected_total[30m])) / (sum (rate(rapport_events_rejected_total[30m])) + (sum (rate(rapport_events_accepted_total[30m])) or vector(0))) > 0.1',
    for: '30m',
    summary:
      '{{ $value | humanizePercentage }} of the events that come in are refused: a client sends what is not valid.',
  },
]

const answers: readonly Told[] = [
  {
    alert: 'RapportDegradedAnswers',
    severity: 'page',
    expr: 'sum (rate(rapport_recommendation_degraded_total[10m])) / sum (rate(rapport_recommendation_answers_total[10m])) > 0.05',
    for: '5m',
    summary: '{{ $value | humanizePercentage }} of the recommendations are made without the visitor’s state.',
  },
  {
    alert: 'RapportExposuresLost',
    severity: 'ticket',
    expr: 'sum (increase(rapport_exposures_lost_total[30m])) > 0',
    summary: '{{ $value | humanize }} exposures were lost in half an hour: what was shown is not known in full.',
  },
]

const models: readonly Told[] = [
  {
    alert: 'RapportModelRefused',
    severity: 'ticket',
    expr: grown(
      ['rapport_recommendation_model_refusals', 'rapport_text_model_refusals', 'rapport_sentiment_model_refusals'],
      '1h',
      'job, reason',
    ),
    summary: '{{ $labels.job }} has refused a model version ({{ $labels.reason }}) and serves the one before.',
  },
  {
    alert: 'RapportTrainingFailed',
    severity: 'ticket',
    expr: grown(['rapport_training_seconds_count{outcome="failed"}'], '6h', 'task'),
    summary: 'A training of {{ $labels.task }} has failed: its model gets older.',
  },
  {
    alert: 'RapportTrainingWaiting',
    severity: 'ticket',
    expr: nobodyTrains,
    summary: 'Trainings wait, and none has begun for two hours.',
  },
  {
    alert: 'RapportModelDrift',
    severity: 'ticket',
    expr: 'max by (tenant, model, version, of) (rapport_text_drift or rapport_sentiment_drift) > 0.25',
    for: '1h',
    summary:
      'The {{ $labels.of }} that {{ $labels.model }} {{ $labels.version }} of {{ $labels.tenant }} answers with are not those of its training (index {{ $value | humanize }}).',
  },
]

const saturation: readonly Told[] = [
  {
    alert: 'RapportHeapNearLimit',
    severity: 'ticket',
    expr: 'nodejs_heap_size_used_bytes / rapport_heap_limit_bytes > 0.9',
    for: '10m',
    summary:
      '{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of the heap that it may have; at the limit it ends.',
  },
  {
    alert: 'RapportEventLoopSlow',
    severity: 'ticket',
    expr: 'nodejs_eventloop_lag_p99_seconds > 0.25',
    for: '10m',
    summary:
      'The event loop of {{ $labels.instance }} of {{ $labels.job }} is late by {{ $value | humanizeDuration }}: every answer waits for it.',
  },
]

/** Alerts on what users or operators notice, beside those of the objectives. */
export const alertGroups: readonly RuleGroup[] = Object.entries({
  reachability,
  events,
  answers,
  models,
  saturation,
}).map(([name, told]) => ({ name: `rapport-${name}`, rules: told.map(toRule) }))
