import { featureGroup, topics } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { EventLog, LogRecord, RecordBatch, Subscriber } from '@rapport/messaging'
import { OnlineStoreInputError, type OnlineStore } from '@rapport/online-store'
import { applyEvents, type EventBatch } from '../application/apply-events.ts'
import type { ForgottenTenants } from '../domain/forgotten-tenants.ts'
import { readEvent } from '../domain/read-event.ts'
import type { FeatureMetrics } from '../metrics.ts'
import { toDeadLetter, type RefusedRecord } from './dead-letters.ts'

export interface EventConsumerOptions {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly metrics: FeatureMetrics
  readonly log: Log
  readonly clock: Clock
  readonly dedupWindowMs: number
  readonly rewindMs: number
  readonly maxBatchEvents: number
  /** Tenants whose state is being rebuilt: their events are left to the rebuild. */
  readonly isHeld: (tenant: string) => boolean
  /** A rewind brings events of removed tenants back, and nothing marks them as applied any more. */
  readonly forgotten: ForgottenTenants
}

interface ReadBatch {
  readonly events: EventBatch['events'][number][]
  readonly refused: RefusedRecord[]
}

/** Consumes the events' topic: reads each record, applies what it says, sends what cannot be read to the dead letters, commits. */
export function consumeEvents(options: EventConsumerOptions): Promise<Subscriber> {
  return options.eventLog.subscribe({
    group: featureGroup,
    topics: [topics.events.name],
    maxRecords: options.maxBatchEvents,
    rewindMs: options.rewindMs,
    onBatch: (batch) => options.forgotten.during(() => handleBatch(batch, options)),
  })
}

async function handleBatch(batch: RecordBatch, options: EventConsumerOptions): Promise<void> {
  const stop = options.metrics.batchSeconds.startTimer()
  const { events, refused } = readRecords(batch.records, options)
  if (!batch.isCurrent()) return
  await applyOrIsolate({ topic: batch.topic, partition: batch.partition, events }, { ...options, refused, batch })
  await sendDeadLetters(refused, batch, options)
  await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
  stop()
}

function readRecords(
  records: readonly LogRecord[],
  { isHeld, forgotten }: Pick<EventConsumerOptions, 'isHeld' | 'forgotten'>,
): ReadBatch {
  const read: ReadBatch = { events: [], refused: [] }
  for (const record of records) {
    const reading = readEvent(record.key, record.value)
    if (!reading.ok) {
      read.refused.push({ record, refusal: reading.refusal })
      continue
    }
    const { tenant } = reading.value.event
    if (!isHeld(tenant) && !forgotten.has(tenant, record))
      read.events.push({ offset: record.offset, event: reading.value })
  }
  return read
}

/** Applies a batch; when the store refuses something in it, event by event, so that only the one at fault is left out. */
async function applyOrIsolate(
  batch: EventBatch,
  options: EventConsumerOptions & { refused: RefusedRecord[]; batch: RecordBatch },
): Promise<void> {
  if (batch.events.length === 0) return
  try {
    const counts = await applyEvents(options.onlineStore, batch, options)
    options.metrics.applied.inc(counts.applied)
    options.metrics.duplicates.inc(counts.duplicate)
    options.metrics.redelivered.inc(counts.redelivered)
    if (counts.applied > 0)
      options.metrics.sawEvent(batch.events.reduce((ms, { event }) => Math.max(ms, event.atMs), 0))
  } catch (error) {
    if (!(error instanceof OnlineStoreInputError)) throw error
    const [only] = batch.events
    if (batch.events.length === 1 && only !== undefined) {
      const record = options.batch.records.find(({ offset }) => offset === only.offset)
      if (record === undefined) throw error
      options.refused.push({ record, refusal: { code: error.code, reason: error.message } })
      return
    }
    for (const event of batch.events) await applyOrIsolate({ ...batch, events: [event] }, options)
  }
}

async function sendDeadLetters(
  refused: readonly RefusedRecord[],
  batch: RecordBatch,
  { eventLog, metrics, log, clock }: EventConsumerOptions,
): Promise<void> {
  // What lies below the checkpoint is here by the rewind alone, and has been sent before.
  const fresh = refused.filter(({ record }) => record.offset >= (batch.checkpoint?.nextOffset ?? 0))
  if (fresh.length === 0) return
  await eventLog.publish(fresh.map((letter) => toDeadLetter(letter, clock.now())))
  for (const { record, refusal } of fresh) {
    metrics.deadLettered.inc({ code: refusal.code })
    const { topic, partition, offset } = record
    log.warn(
      { topic, partition, offset, code: refusal.code, reason: refusal.reason },
      'a record went to the dead letters',
    )
  }
}
