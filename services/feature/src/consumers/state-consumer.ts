import { deadLetterTopicOf, featureGroup, statePartitionOf, stateTopics, topics } from '@rapport/contracts'
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
import { applyRecords, type OutcomeCounts, type StateBatch } from '../application/apply-records.ts'
import type { LostWrites } from '../application/lost-writes.ts'
import type { BatchesInFlight } from '../domain/batches-in-flight.ts'
import type { ForgottenTenants } from '../domain/forgotten-tenants.ts'
import { readStateRecord, sourceOf, type StateRecord } from '../domain/state-record.ts'
import type { FeatureMetrics } from '../metrics.ts'

export interface StateConsumerOptions {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly metrics: FeatureMetrics
  readonly log: Log
  readonly clock: Clock
  readonly lostWrites: LostWrites
  readonly dedupWindowMs: number
  readonly rewindMs: number
  readonly maxBatchEvents: number
  /** Tenants whose state is being rebuilt: their records are left to the rebuild. By number of the state partition. */
  readonly isHeld: (tenant: string, partition: number) => boolean
  /** A rewind brings events of removed tenants back, and nothing marks them as applied any more. */
  readonly forgotten: ForgottenTenants
  readonly inFlight: BatchesInFlight
  /** To be awaited before the first batch of state partitions that were given to this consumer. */
  readonly onAssigned: (partitions: readonly number[]) => Promise<void>
}

/**
 * A batch costs three commits, however small it is. While 8,000 single events a second come in, batches every few
 * milliseconds would cost more than their events; this is a small part of the second within which state is fresh.
 */
const minIntervalMs = 50

/** Consumes the topics that make state: reads each record, applies what it says, sends what it cannot apply to the dead letters. */
export function consumeState(options: StateConsumerOptions): Promise<Subscriber> {
  const { eventLog, log, clock, rewindMs, maxBatchEvents, inFlight, metrics } = options
  return runConsumer<StateRecord>({
    eventLog,
    log,
    clock,
    group: featureGroup,
    topics: stateTopics.map(({ name }) => name),
    deadLetterTopic: () => deadLetterTopicOf(topics.events.name),
    maxRecords: maxBatchEvents,
    minIntervalMs,
    rewindMs,
    decode,
    onAssigned: (places) => options.onAssigned(places.map(statePartitionOf)),
    process: (batch) => inFlight.during(() => applyBatch(batch, options)),
    onMetric: (metric) => count(metric, metrics),
  })
}

function decode(record: LogRecord): Decoded<StateRecord> {
  const reading = readStateRecord(record)
  return reading.ok ? decoded(reading.value) : deadLetter(reading.refusal.code, reading.refusal.reason)
}

async function applyBatch(
  batch: PipelineBatch<StateRecord>,
  options: StateConsumerOptions,
): Promise<Map<number, Drop>> {
  const { metrics, onlineStore, clock } = options
  const { records, leftOut } = choose(batch, options)
  if (records.length === 0) return leftOut
  const stop = metrics.batchSeconds.startTimer()
  try {
    const { topic, partition } = batch
    // A batch that has outlived its right to the partition must not write where others have cleared meanwhile.
    const beforeWrite = (): void => {
      if (!batch.isCurrent()) throw new NotCurrentError(featureGroup, topic, partition)
    }
    const { dedupWindowMs, lostWrites } = options
    const session = lostWrites.begin(statePartitionOf(batch), records[0]?.offset ?? 0)
    const freshness = metrics.freshnessSeconds.labels({ topic })
    const onApplied = ({ receivedAtMs }: StateRecord): void =>
      freshness.observe(Math.max(0, clock.now() - receivedAtMs) / 1000)
    const how = { dedupWindowMs, session, beforeWrite, onApplied }
    const counts = await applyRecords(onlineStore, { topic, partition, records }, how)
    countOutcomes(topic, counts, metrics)
    if (topic === topics.events.name && counts.applied > 0)
      metrics.sawEvent(records.reduce((ms, { record }) => Math.max(ms, record.atMs), 0))
  } catch (cause) {
    if (cause instanceof OnlineStoreInputError) throw new RecordError(cause.code, cause.message, { cause })
    throw cause
  }
  stop()
  return leftOut
}

function countOutcomes(topic: string, counts: OutcomeCounts, metrics: FeatureMetrics): void {
  if (topic === topics.events.name) {
    metrics.applied.inc(counts.applied)
    metrics.duplicates.inc(counts.duplicate)
    metrics.redelivered.inc(counts.redelivered)
    return
  }
  for (const [outcome, count] of Object.entries(counts)) metrics.textLabels.inc({ topic, outcome }, count)
}

/** Asked when a batch is applied, not when it is read: whoever waits for the batches in flight relies on it. */
function choose(
  { topic, partition: ofTopic, entries }: PipelineBatch<StateRecord>,
  { isHeld, forgotten }: StateConsumerOptions,
): { records: StateBatch['records']; leftOut: Map<number, Drop> } {
  const partition = statePartitionOf({ topic, partition: ofTopic })
  const records: StateBatch['records'][number][] = []
  const leftOut = new Map<number, Drop>()
  for (const { record, value } of entries) {
    const { tenant } = sourceOf(value)
    const { offset } = record
    if (isHeld(tenant, partition)) leftOut.set(offset, drop('rebuild'))
    else if (forgotten.has(tenant, { partition, offset })) leftOut.set(offset, drop('removed tenant'))
    else records.push({ offset, record: value })
  }
  return { records, leftOut }
}

function count(metric: ConsumerMetric, { deadLettered, leftOut, missed, failures }: FeatureMetrics): void {
  if (metric.kind === 'dead letter') deadLettered.inc({ code: metric.code }, metric.count)
  else if (metric.kind === 'dropped') leftOut.inc({ reason: metric.reason }, metric.count)
  else if (metric.kind === 'missed') missed.inc({ group: featureGroup }, metric.count)
  else if (metric.kind !== 'processed') failures.inc({ kind: metric.kind }, metric.count)
}
