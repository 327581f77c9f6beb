import { inboxTopic, topics } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import { runConsumer, type ConsumerMetric, type EventLog, type Subscriber } from '@rapport/messaging'
import type { EncodedEvent } from '../domain/encode-event.ts'
import { readInboxRecord } from '../domain/read-inbox-record.ts'
import type { IngestionMetrics } from '../metrics.ts'

export interface InboxConsumerOptions {
  readonly eventLog: EventLog
  readonly tenants: readonly string[]
  readonly metrics: IngestionMetrics
  readonly publishDeadlineMs: number
  readonly log: Log
  readonly clock: Clock
}

const maxRecords = 500

/**
 * Takes what others produced to the tenants' inboxes into the events' topic, as if it had been posted. An event that is
 * published a second time, after a crash or a rebalance, has the same messageId, so it counts once.
 */
export function consumeInboxes(options: InboxConsumerOptions): Promise<Subscriber> {
  const { eventLog, tenants, metrics, publishDeadlineMs: deadlineMs, log, clock } = options
  const topic = topics.events.name
  return runConsumer<EncodedEvent>({
    eventLog,
    log,
    clock,
    group: 'rapport.inbox',
    topics: tenants.map((tenant) => inboxTopic(tenant).name),
    maxRecords,
    decode: readInboxRecord,
    deadLetterTopic: () => topics.eventsDeadLetters.name,
    process: async ({ entries }) => {
      await eventLog.publish(
        entries.map(({ value }) => ({ topic, key: value.key, value: value.value })),
        { deadlineMs },
      )
      metrics.accepted.inc({ route: 'inbox' }, entries.length)
    },
    onMetric: (metric) => count(metric, metrics),
  })
}

function count(metric: ConsumerMetric, { inboxFailures }: IngestionMetrics): void {
  if (metric.kind !== 'processed') inboxFailures.inc({ kind: metric.kind }, metric.count)
}
