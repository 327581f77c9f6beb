import type { Dashboard } from './layout.ts'
import { quantileBy, rateBy } from './queries.ts'

const requests = 'rapport_http_request_duration_seconds'
const job = 'job=~"$job"'
const each = '{{job}} {{instance}}'

export const service: Dashboard = {
  uid: 'rapport-service',
  title: 'Rapport: service',
  description: 'One service: rate, errors and duration of its calls, use and saturation of its processes.',
  isOfJob: true,
  rows: [
    {
      title: 'Calls',
      panels: [
        {
          title: 'Rate',
          unit: 'reqps',
          queries: [[rateBy('method, route', `${requests}_count{${job}}`), '{{method}} {{route}}']],
        },
        {
          title: 'Errors',
          unit: 'reqps',
          queries: [[rateBy('status, route', `${requests}_count{${job}, status=~"[45].."}`), '{{status}} {{route}}']],
        },
        {
          title: 'Duration, p99',
          unit: 's',
          queries: [[quantileBy(0.99, 'method, route', requests, `{${job}}`), '{{method}} {{route}}']],
        },
        {
          title: 'Duration, p50',
          unit: 's',
          queries: [[quantileBy(0.5, 'method, route', requests, `{${job}}`), '{{method}} {{route}}']],
        },
      ],
    },
    {
      title: 'Processor',
      panels: [
        {
          title: 'Cores in use',
          unit: 'short',
          queries: [[rateBy('job, instance', `process_cpu_seconds_total{${job}}`), each]],
        },
        {
          title: 'Event loop, delay p99',
          description: 'About 10 ms at rest: that is how closely it is measured.',
          unit: 's',
          queries: [[`max by (job, instance) (nodejs_eventloop_lag_p99_seconds{${job}})`, each]],
        },
        {
          title: 'Share of time in garbage collection',
          unit: 'percentunit',
          queries: [[rateBy('job, instance', `nodejs_gc_duration_seconds_sum{${job}}`), each]],
        },
      ],
    },
    {
      title: 'Memory and files',
      panels: [
        {
          title: 'Heap in use, of its limit',
          unit: 'percentunit',
          queries: [[`nodejs_heap_size_used_bytes{${job}} / rapport_heap_limit_bytes{${job}}`, each]],
        },
        {
          title: 'Resident memory',
          unit: 'bytes',
          queries: [[`process_resident_memory_bytes{${job}}`, each]],
        },
        {
          title: 'Memory outside the heap',
          unit: 'bytes',
          queries: [[`nodejs_external_memory_bytes{${job}}`, each]],
        },
        {
          title: 'Open files, of their limit',
          unit: 'percentunit',
          queries: [[`process_open_fds{${job}} / process_max_fds{${job}}`, each]],
        },
      ],
    },
    {
      title: 'Consumers',
      panels: [
        {
          title: 'Records that wait',
          unit: 'short',
          queries: [[`sum by (group, topic) (rapport_consumer_lag_records{${job}})`, '{{group}} {{topic}}']],
        },
        {
          title: 'Records done',
          unit: 'cps',
          queries: [
            [
              `sum by (group, topic) (clamp_min(deriv(rapport_consumer_offset{${job}}[$__rate_interval]), 0))`,
              '{{group}} {{topic}}',
            ],
          ],
        },
        {
          title: 'Applying a batch, p99',
          unit: 's',
          queries: [[quantileBy(0.99, 'job', 'rapport_feature_batch_seconds', `{${job}}`), '{{job}}']],
        },
      ],
    },
    {
      title: 'Stores',
      panels: [
        {
          title: 'Object store: requests and failures',
          unit: 'reqps',
          queries: [
            [rateBy('job', `rapport_object_store_requests_total{${job}}`), 'requests {{job}}'],
            [rateBy('job', `rapport_object_store_failures_total{${job}}`), 'failures {{job}}'],
          ],
        },
        {
          title: 'Cached values not kept',
          unit: 'cps',
          queries: [[rateBy('job', `rapport_cache_dropped_total{${job}}`), '{{job}}']],
        },
        {
          title: 'Waiting for the event log',
          unit: 'bytes',
          queries: [[`sum by (job, instance) (rapport_event_log_buffered_bytes{${job}})`, each]],
        },
      ],
    },
  ],
}
