import type { ConsumerMetric } from '@rapport/messaging'
import { Counter, Histogram, type Registry } from 'prom-client'

/** What ingestion counts. Labels are few: a reason is a field's name, never a client's text. */
export interface IngestionMetrics {
  readonly accepted: Counter<'route'>
  readonly rejected: Counter<'field'>
  readonly batchEvents: Histogram
  readonly publishSeconds: Histogram
  readonly itemsWritten: Counter<'operation'>
  readonly inboxFailures: Counter<'kind'>
}

const inboxFailureKinds = [
  'environment error',
  'unknown failure',
  'missed',
  'dropped',
  'dead letter',
] as const satisfies readonly ConsumerMetric['kind'][]

export function createIngestionMetrics(registry: Registry): IngestionMetrics {
  const registers = [registry]
  return {
    accepted: new Counter({
      name: 'rapport_events_accepted_total',
      help: 'Events that are durable in the log.',
      labelNames: ['route'],
      registers,
    }),
    rejected: new Counter({
      name: 'rapport_events_rejected_total',
      help: 'Events that were refused, by the field that was at fault.',
      labelNames: ['field'],
      registers,
    }),
    batchEvents: new Histogram({
      name: 'rapport_ingestion_batch_events',
      help: 'Accepted events of a call.',
      buckets: [1, 10, 20, 50, 100, 250, 500, 1_000, 2_500],
      registers,
    }),
    publishSeconds: new Histogram({
      name: 'rapport_ingestion_publish_seconds',
      help: 'Time until the events of a call were durable.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    inboxFailures: createInboxFailures(registry),
    itemsWritten: new Counter({
      name: 'rapport_items_written_total',
      help: 'Versions of items that are durable and published.',
      labelNames: ['operation'],
      registers,
    }),
  }
}

function createInboxFailures(registry: Registry): Counter<'kind'> {
  const failures = new Counter({
    name: 'rapport_inbox_failures_total',
    help: 'Records of inboxes that could not be taken at once, by what came of it.',
    labelNames: ['kind'],
    registers: [registry],
  })
  for (const kind of inboxFailureKinds) failures.inc({ kind }, 0)
  return failures
}
