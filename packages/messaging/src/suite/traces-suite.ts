import { trace } from '@opentelemetry/api'
import { expect, test, vi } from 'vitest'
import { processTraced } from '../tracing/process-traced.ts'
import { recordSpans } from '../tracing/testing/recorded-spans.ts'
import { bytes, nextOf, openTopics, WAIT, type OpenHarness } from './harness.ts'

/** That a trace crosses the log. */
export function describeTraces(name: string, open: OpenHarness): void {
  test(`${name}: event log: a record carries the trace that it was published in to whoever processes it`, async () => {
    await using stack = new AsyncDisposableStack()
    const spans = stack.use(recordSpans())
    const { stream, group, harness, log } = await openTopics(open)
    stack.use(harness)
    const traceId = await trace.getTracer('test').startActiveSpan('request', async (span) => {
      await log.publish([{ topic: stream, key: 'k', value: bytes('v'), headers: { own: 'kept' } }])
      span.end()
      return span.spanContext().traceId
    })
    const [publication] = spans.named(`publish ${stream}`)
    const { spanId } = publication!.spanContext()
    const headers: unknown[] = []
    await using _subscriber = await log.subscribe({
      group,
      topics: [stream],
      onBatch: (batch) =>
        processTraced(batch, group, async () => {
          headers.push(...batch.records.map((record) => record.headers))
          await batch.commit(nextOf(batch))
        }),
    })
    await vi.waitFor(() => expect(spans.named(`process ${stream}`)).toHaveLength(1), WAIT)
    expect(headers).toEqual([{ own: 'kept', traceparent: `00-${traceId}-${spanId}-01` }])
    const [processed] = spans.named(`process ${stream}`)
    expect(processed?.spanContext().traceId).toBe(traceId)
    expect(processed?.parentSpanContext?.spanId).toBe(spanId)
  })
}
