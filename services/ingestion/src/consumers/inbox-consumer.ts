import { inboxTopic, tenantOfInbox, topics } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import {
  drop,
  runConsumer,
  type ConsumerMetric,
  type Drop,
  type EventLog,
  type PipelineBatch,
  type Subscriber,
} from '@rapport/messaging'
import type { TenantCreationTimes } from '../application/tenant-creation-times.ts'
import type { EncodedEvent } from '../domain/encode-event.ts'
import { readInboxRecord } from '../domain/read-inbox-record.ts'
import type { IngestionMetrics } from '../metrics.ts'

export interface InboxConsumerOptions {
  readonly eventLog: EventLog
  readonly tenants: readonly string[]
  readonly creationTimes: Pick<TenantCreationTimes, 'createdAtMs'>
  readonly metrics: IngestionMetrics
  readonly publishDeadlineMs: number
  readonly log: Log
  readonly clock: Clock
}

const maxRecords = 500
/** The clocks of brokers and of who makes tenants may differ by so much. */
const leewayMs = 1000

/**
 * Takes what others produced to the tenants' inboxes into the events' topic, as if it had been posted. An event that is
 * published a second time, after a crash or a rebalance, has the same messageId, so it counts once. What was produced
 * when there was no such tenant, or for one that has been removed since, is left out: it may be a former tenant's.
 */
export function consumeInboxes(options: InboxConsumerOptions): Promise<Subscriber> {
  const { eventLog, tenants, creationTimes, metrics, publishDeadlineMs: deadlineMs, log, clock } = options
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
    process: async (batch) => {
      const { taken, leftOut } = await choose(batch, creationTimes)
      if (taken.length === 0) return leftOut
      await eventLog.publish(
        taken.map(({ record, value }) => ({ topic, key: value.key, value: value.value, cause: record })),
        { deadlineMs },
      )
      metrics.accepted.inc({ route: 'inbox' }, taken.length)
      return leftOut
    },
    onMetric: (metric) => count(metric, metrics),
  })
}

async function choose(
  { topic, entries }: PipelineBatch<EncodedEvent>,
  creationTimes: InboxConsumerOptions['creationTimes'],
): Promise<{ taken: PipelineBatch<EncodedEvent>['entries']; leftOut: Map<number, Drop> }> {
  const createdAtMs = await creationTimes.createdAtMs(tenantOfInbox(topic) ?? '')
  const isOurs = (appendedAtMs: number): boolean => createdAtMs !== undefined && appendedAtMs + leewayMs >= createdAtMs
  const others = entries.filter(({ record }) => !isOurs(record.appendedAtMs))
  return {
    taken: entries.filter(({ record }) => isOurs(record.appendedAtMs)),
    leftOut: new Map(others.map(({ record }) => [record.offset, drop('no such tenant')])),
  }
}

function count(metric: ConsumerMetric, { inboxFailures }: IngestionMetrics): void {
  if (metric.kind !== 'processed') inboxFailures.inc({ kind: metric.kind }, metric.count)
}
