import { context, ROOT_CONTEXT, SpanKind, trace, type Span, type SpanContext } from '@opentelemetry/api'
import type { LogRecord, RecordBatch } from '../event-log.ts'
import { carriedSpan, processIn, traceHeaders } from './carried-trace.ts'
import { attributesOf, batchCount, markFailed, tracer } from './spans.ts'

/**
 * Processes a batch in the traces of its records. The semantic conventions for messaging would have one span for a batch,
 * with a link to each record's; but then no trace would reach from a call to what it changed. So there is a span for each
 * span that records of the batch were published in, with that one as its parent, which they allow; all last as long as the
 * batch. Where the batch has one alone, it is the active one meanwhile. Records without a recorded trace have none.
 */
export async function processTraced(batch: RecordBatch, group: string, process: () => Promise<void>): Promise<void> {
  const spans = startSpans(batch, group)
  const [first] = spans
  if (first === undefined) return process()
  try {
    await (spans.length > 1 ? process() : context.with(trace.setSpan(ROOT_CONTEXT, first), process))
  } catch (error) {
    for (const span of spans) markFailed(span, error)
    throw error
  } finally {
    for (const span of spans) span.end()
  }
}

interface Published {
  readonly span: SpanContext
  readonly records: LogRecord[]
}

function startSpans({ topic, partition, records }: RecordBatch, group: string): readonly Span[] {
  const names = traceHeaders()
  if (names.length === 0) return []
  const published = new Map<string, Published>()
  for (const record of records) {
    const span = carriedSpan(record, names)
    if (span === undefined) continue
    const key = `${span.traceId} ${span.spanId}`
    const known = published.get(key)
    if (known === undefined) published.set(key, { span, records: [record] })
    else known.records.push(record)
  }
  if (published.size === 0) return []
  const ofMessaging = tracer()
  const common = {
    ...attributesOf('process', topic),
    'messaging.destination.partition.id': String(partition),
    'messaging.consumer.group.name': group,
  }
  return [...published.values()].map(({ span: parent, records: own }) => {
    const attributes = { ...common, ...batchCount(own.length) }
    const kind = SpanKind.CONSUMER
    const within = trace.setSpanContext(ROOT_CONTEXT, parent)
    const span = ofMessaging.startSpan(`process ${topic}`, { kind, attributes }, within)
    if (span.isRecording()) for (const record of own) processIn(span, record)
    return span
  })
}
