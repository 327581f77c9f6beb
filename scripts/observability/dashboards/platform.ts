import { slos } from '../slos.ts'
import type { Dashboard, Panel } from './layout.ts'
import { quantileBy, rateBy, shareBy } from './queries.ts'

const requests = 'rapport_http_request_duration_seconds'
const api = 'route=~"/v1/.*"'

const goodShares: readonly Panel[] = slos.map(({ name, title, budget }) => ({
  title: `${title}, of a day`,
  description: `Promised: ${+(100 * (1 - budget)).toFixed(2)} %.`,
  unit: 'percentunit',
  kind: 'stat',
  queries: [[`1 - max(rapport:slo_errors:ratio_rate1d{slo="${name}"})`, name]],
}))

export const platform: Dashboard = {
  uid: 'rapport-platform',
  title: 'Rapport: platform',
  description: 'Is it well: the objectives, traffic, the way of events, and the stores.',
  rows: [
    {
      title: 'Objectives',
      panels: [
        ...goodShares,
        {
          title: 'Alerts that fire',
          unit: 'short',
          kind: 'stat',
          queries: [['count(ALERTS{alertname=~"Rapport.*", alertstate="firing"}) or vector(0)', 'alerts']],
        },
      ],
    },
    {
      title: 'Error budgets',
      panels: [
        {
          title: 'Burn rate over an hour',
          description: 'At 1 the budget of 30 days lasts 30 days; at 14.4 somebody is woken.',
          unit: 'short',
          queries: slos.map(({ name, budget }) => [
            `rapport:slo_errors:ratio_rate1h{slo="${name}"} / ${budget}`,
            `${name} {{job}}`,
          ]),
        },
        {
          title: 'Burn rate over three days',
          unit: 'short',
          queries: slos.map(({ name, budget }) => [
            `rapport:slo_errors:ratio_rate3d{slo="${name}"} / ${budget}`,
            `${name} {{job}}`,
          ]),
        },
      ],
    },
    {
      title: 'Calls',
      panels: [
        { title: 'Rate', unit: 'reqps', queries: [[rateBy('job', `${requests}_count{${api}}`), '{{job}}']] },
        {
          title: 'Share answered with 5xx',
          unit: 'percentunit',
          queries: [
            [shareBy('job', `${requests}_count{${api}, status=~"5.."}`, `${requests}_count{${api}}`), '{{job}}'],
          ],
        },
        { title: 'Duration, p99', unit: 's', queries: [[quantileBy(0.99, 'job', requests, `{${api}}`), '{{job}}']] },
      ],
    },
    {
      title: 'Events',
      panels: [
        {
          title: 'Accepted, refused, applied',
          unit: 'eps',
          queries: [
            [rateBy('', 'rapport_events_accepted_total'), 'accepted'],
            [rateBy('', 'rapport_events_rejected_total'), 'refused'],
            [rateBy('', 'rapport_events_applied_total'), 'applied'],
            [rateBy('', 'rapport_events_duplicate_total'), 'copies'],
            [rateBy('', 'rapport_events_redelivered_total'), 'come again'],
          ],
        },
        {
          title: 'Freshness',
          description: 'From acceptance to effect. Promised: 99 % within a second.',
          unit: 's',
          queries: [
            [quantileBy(0.99, 'topic', 'rapport_feature_freshness_seconds'), 'p99 {{topic}}'],
            [quantileBy(0.5, 'topic', 'rapport_feature_freshness_seconds'), 'p50 {{topic}}'],
          ],
        },
        {
          title: 'Age of the newest applied event',
          unit: 's',
          queries: [['min(rapport_feature_newest_event_age_seconds)', 'age']],
        },
        {
          title: 'Until durable',
          unit: 's',
          queries: [
            [quantileBy(0.99, '', 'rapport_ingestion_publish_seconds'), 'p99'],
            [quantileBy(0.5, '', 'rapport_ingestion_publish_seconds'), 'p50'],
          ],
        },
      ],
    },
    {
      title: 'Consumers',
      panels: [
        {
          title: 'Records that wait',
          unit: 'short',
          queries: [
            [
              'sum by (group, topic) (max by (group, topic, partition) (rapport_feature_lag_records))',
              '{{group}} {{topic}}',
            ],
            [
              'sum by (group, topic) (max by (group, topic, partition) (rapport_consumer_lag_records{group!~"rapport[.](feature|archive)"}))',
              '{{group}} {{topic}}',
            ],
          ],
        },
        {
          title: 'Dead letters',
          unit: 'cps',
          queries: [
            [rateBy('code', 'rapport_feature_dead_letters_total'), 'feature {{code}}'],
            [rateBy('', 'rapport_inbox_failures_total{kind="dead letter"}'), 'inbox'],
            [rateBy('', 'rapport_text_stream_failures_total{kind="dead letter"}'), 'topics'],
            [rateBy('', 'rapport_sentiment_stream_failures_total{kind="dead letter"}'), 'sentiment'],
          ],
        },
        {
          title: 'Failed tries',
          unit: 'cps',
          queries: [
            [rateBy('kind', 'rapport_feature_failures_total'), 'feature {{kind}}'],
            [rateBy('group', 'rapport_feature_missed_records_total'), 'missed: {{group}}'],
            [rateBy('reason', 'rapport_feature_left_out_total'), 'left out: {{reason}}'],
          ],
        },
        {
          title: 'Partitions that stand still',
          description: 'Before records that nobody can decode.',
          unit: 'short',
          queries: [['count by (group, topic) (rapport_consumer_unreadable_offset)', '{{group}} {{topic}}']],
        },
      ],
    },
    {
      title: 'Stores and gateway',
      panels: [
        {
          title: 'Online store and cache unavailable',
          unit: 'short',
          queries: [
            ['max by (job) (rapport_online_store_unavailable)', 'store {{job}}'],
            ['max by (job) (rapport_cache_unavailable)', 'cache {{job}}'],
            [
              'sum by (job) (increase(rapport_online_store_sessions_lost_total[$__rate_interval]))',
              'sessions lost {{job}}',
            ],
          ],
        },
        {
          title: 'Object store',
          unit: 'reqps',
          queries: [
            [rateBy('job', 'rapport_object_store_requests_total'), 'requests {{job}}'],
            [rateBy('job', 'rapport_object_store_failures_total'), 'failures {{job}}'],
          ],
        },
        {
          title: 'Waiting for the event log',
          unit: 'bytes',
          queries: [['sum by (job) (rapport_event_log_buffered_bytes)', '{{job}}']],
        },
        {
          title: 'Processes behind the gateway',
          unit: 'short',
          queries: [
            ['min by (service) (sum by (service, instance) (rapport_gateway_upstream_ready))', 'ready {{service}}'],
            [rateBy('service', 'rapport_gateway_rerouted_total'), 'calls sent elsewhere {{service}}'],
          ],
        },
      ],
    },
  ],
}
