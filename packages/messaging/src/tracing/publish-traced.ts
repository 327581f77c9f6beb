import { SpanKind, trace } from '@opentelemetry/api'
import type { OutgoingRecord, RecordPosition } from '../event-log.ts'
import { carrying, headersOf, traceHeaders } from './carried-trace.ts'
import { attributesOf, batchCount, markFailed, tracer } from './spans.ts'

type Publish = (records: readonly OutgoingRecord[]) => Promise<readonly RecordPosition[]>

/**
 * Publishes in a span of its own, which the records carry in their headers: W3C `traceparent`, unless the SDK is told
 * otherwise. That is done within a span that is recorded; outside of one, records carry the trace of their cause alone.
 */
export async function publishTraced(
  records: readonly OutgoingRecord[],
  publish: Publish,
): Promise<readonly RecordPosition[]> {
  const within = trace.getActiveSpan()?.isRecording() === true
  if (!within && records.every(({ cause }) => cause === undefined)) return publish(records)
  const names = traceHeaders()
  if (names.length === 0) return publish(records)
  if (!within) return publish(records.map((record) => carrying(record, names)))
  const topic = commonTopic(records)
  const span = tracer().startSpan(topic === undefined ? 'publish' : `publish ${topic}`, {
    kind: SpanKind.PRODUCER,
    attributes: { ...attributesOf('publish', topic), ...batchCount(records.length) },
  })
  const own = headersOf(span)
  try {
    return await publish(records.map((record) => carrying(record, names, own)))
  } catch (error) {
    markFailed(span, error)
    throw error
  } finally {
    span.end()
  }
}

function commonTopic(records: readonly OutgoingRecord[]): string | undefined {
  const topic = records[0]?.topic
  return records.every((record) => record.topic === topic) ? topic : undefined
}
