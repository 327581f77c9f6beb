import { featureGroup, topics } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import {
  deadLetter,
  decoded,
  drop,
  NotCurrentError,
  RecordError,
  runConsumer,
  type ConsumerMetric,
  type Decoded,
  type Drop,
  type EventLog,
  type LogRecord,
  type PipelineBatch,
  type Subscriber,
} from '@rapport/messaging'
import { OnlineStoreInputError, type OnlineStore } from '@rapport/online-store'
import { applyEvents, type EventBatch } from '../application/apply-events.ts'
import type { LostWrites } from '../application/lost-writes.ts'
import type { BatchesInFlight } from '../domain/batches-in-flight.ts'
import type { ForgottenTenants } from '../domain/forgotten-tenants.ts'
import { readEvent, type TimedEvent } from '../domain/read-event.ts'
import type { FeatureMetrics } from '../metrics.ts'

export interface EventConsumerOptions {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly metrics: FeatureMetrics
  readonly log: Log
  readonly clock: Clock
  readonly lostWrites: LostWrites
  readonly dedupWindowMs: number
  readonly rewindMs: number
  readonly maxBatchEvents: number
  /** Tenants whose state is being rebuilt: their events are left to the rebuild. */
  readonly isHeld: (tenant: string, partition: number) => boolean
  /** A rewind brings events of removed tenants back, and nothing marks them as applied any more. */
  readonly forgotten: ForgottenTenants
  readonly inFlight: BatchesInFlight
  /** To be awaited before the first batch of partitions that were given to this consumer. */
  readonly onAssigned: (partitions: readonly number[]) => Promise<void>
}

/**
 * A batch costs three commits, however small it is. While 8,000 single events a second come in, batches every few
 * milliseconds would cost more than their events; this is a small part of the second within which state is fresh.
 */
const minIntervalMs = 50

/** Consumes the events' topic: reads each record, applies what it says, sends what it cannot apply to the dead letters. */
export function consumeEvents(options: EventConsumerOptions): Promise<Subscriber> {
  const { eventLog, log, clock, rewindMs, maxBatchEvents, inFlight, metrics } = options
  return runConsumer<TimedEvent>({
    eventLog,
    log,
    clock,
    group: featureGroup,
    topics: [topics.events.name],
    maxRecords: maxBatchEvents,
    minIntervalMs,
    rewindMs,
    decode,
    onAssigned: (places) => options.onAssigned(places.map(({ partition }) => partition)),
    process: (batch) => inFlight.during(() => applyBatch(batch, options)),
    onMetric: (metric) => count(metric, metrics),
  })
}

function decode({ key, value }: LogRecord): Decoded<TimedEvent> {
  const reading = readEvent(key, value)
  return reading.ok ? decoded(reading.value) : deadLetter(reading.refusal.code, reading.refusal.reason)
}

async function applyBatch(batch: PipelineBatch<TimedEvent>, options: EventConsumerOptions): Promise<Map<number, Drop>> {
  const { metrics, onlineStore } = options
  const { events, leftOut } = choose(batch, options)
  if (events.length === 0) return leftOut
  const stop = metrics.batchSeconds.startTimer()
  try {
    const { topic, partition } = batch
    // A batch that has outlived its right to the partition must not write where others have cleared meanwhile.
    const beforeWrite = (): void => {
      if (!batch.isCurrent()) throw new NotCurrentError(featureGroup, topic, partition)
    }
    const { dedupWindowMs, lostWrites } = options
    const session = lostWrites.begin(partition, events[0]?.offset ?? 0)
    const how = { dedupWindowMs, session, beforeWrite }
    const counts = await applyEvents(onlineStore, { topic, partition, events }, how)
    metrics.applied.inc(counts.applied)
    metrics.duplicates.inc(counts.duplicate)
    metrics.redelivered.inc(counts.redelivered)
    if (counts.applied > 0) metrics.sawEvent(events.reduce((ms, { event }) => Math.max(ms, event.atMs), 0))
  } catch (cause) {
    if (cause instanceof OnlineStoreInputError) throw new RecordError(cause.code, cause.message, { cause })
    throw cause
  }
  stop()
  return leftOut
}

/** Asked when a batch is applied, not when it is read: whoever waits for the batches in flight relies on it. */
function choose(
  { partition, entries }: PipelineBatch<TimedEvent>,
  { isHeld, forgotten }: EventConsumerOptions,
): { events: EventBatch['events']; leftOut: Map<number, Drop> } {
  const events: EventBatch['events'][number][] = []
  const leftOut = new Map<number, Drop>()
  for (const { record, value } of entries) {
    const { tenant } = value.event
    const { offset } = record
    if (isHeld(tenant, partition)) leftOut.set(offset, drop('rebuild'))
    else if (forgotten.has(tenant, { partition, offset })) leftOut.set(offset, drop('removed tenant'))
    else events.push({ offset, event: value })
  }
  return { events, leftOut }
}

function count(metric: ConsumerMetric, { deadLettered, leftOut, missed, failures }: FeatureMetrics): void {
  if (metric.kind === 'dead letter') deadLettered.inc({ code: metric.code }, metric.count)
  else if (metric.kind === 'dropped') leftOut.inc({ reason: metric.reason }, metric.count)
  else if (metric.kind === 'missed') missed.inc(metric.count)
  else if (metric.kind !== 'processed') failures.inc({ kind: metric.kind }, metric.count)
}
