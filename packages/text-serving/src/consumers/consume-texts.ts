import { eventKey, topics } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import { readEvent, tenantOfKey } from '@rapport/features'
import {
  decoded,
  drop,
  NotCurrentError,
  runConsumer,
  type ConsumerMetric,
  type EventLog,
  type LogRecord,
  type PipelineBatch,
  type Subscriber,
} from '@rapport/messaging'
import type { TextContext } from '../application/context.ts'
import { labelFoundTexts, type EventText } from '../application/label-found-texts.ts'
import type { TenantRules } from '../application/tenant-rules.ts'
import { findTexts, type RuleSet } from '../domain/find-texts.ts'
import type { TextMetrics } from '../metrics.ts'

export interface TextConsumerOptions {
  readonly eventLog: EventLog
  readonly context: TextContext
  readonly rules: TenantRules
  readonly clock: Clock
}

const maxRecords = 500
/** So that a batch has more than one text; a small part of the second within which a text becomes a feature. */
const minIntervalMs = 50

/**
 * Labels the texts of events as they come and publishes what is found, durable before the events are committed: found again
 * after a crash, or by another model, it has the same messageId. What is no event is left out; the feature service
 * sends it to the dead letters. A text without a model is passed over, and while a model or the rules cannot be read, the
 * partition waits.
 */
export function consumeTexts({ eventLog, context, rules, clock }: TextConsumerOptions): Promise<Subscriber> {
  const { profile, log, metrics } = context
  return runConsumer<Uint8Array>({
    eventLog,
    log,
    clock,
    group: profile.stream.group,
    topics: [topics.events.name],
    maxRecords,
    minIntervalMs,
    decode: ({ value }) => (value === null ? drop('no value') : decoded(value)),
    process: async (batch) => {
      const texts = await textsOf(batch, rules)
      if (texts.length === 0) return
      const stop = metrics.streamSeconds.startTimer()
      const { labels, passedOver } = await labelFoundTexts(context, texts)
      const { topic } = profile.stream
      const records = texts.flatMap(({ record: cause }, index) => {
        const label = labels[index]
        if (label === undefined) return []
        return [{ topic, key: eventKey(label), value: Buffer.from(JSON.stringify(label)), cause }]
      })
      if (!batch.isCurrent()) throw new NotCurrentError(profile.stream.group, batch.topic, batch.partition)
      if (records.length > 0) await eventLog.publish(records)
      metrics.streamTexts.inc({ outcome: 'labelled' }, records.length)
      for (const [outcome, count] of passedOver) metrics.streamTexts.inc({ outcome }, count)
      stop()
    },
    onMetric: (metric) => count(metric, metrics),
  })
}

interface RecordText extends EventText {
  readonly record: LogRecord
}

async function textsOf(
  { entries }: Pick<PipelineBatch<Uint8Array>, 'entries'>,
  rules: TenantRules,
): Promise<readonly RecordText[]> {
  const texts: RecordText[] = []
  const known = new Map<string, RuleSet>()
  for (const { record, value } of entries) {
    const tenant = tenantOfKey(record.key)
    if (tenant === undefined) continue
    const own = known.get(tenant) ?? (await rules.of(tenant))
    known.set(tenant, own)
    if (!own.mayMatch(value)) continue
    const reading = readEvent(record.key, value)
    if (!reading.ok) continue
    const { event } = reading.value
    for (const found of findTexts(event, own.rules)) texts.push({ event, found, record })
  }
  return texts
}

function count(metric: ConsumerMetric, { streamFailures }: TextMetrics): void {
  if (metric.kind !== 'processed' && metric.kind !== 'dropped') streamFailures.inc({ kind: metric.kind }, metric.count)
}
