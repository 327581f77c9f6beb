import { context, propagation, ROOT_CONTEXT, trace, TraceFlags, type Span, type SpanContext } from '@opentelemetry/api'
import type { LogRecord, OutgoingRecord } from '../event-log.ts'

/** The recorded spans in which records are processed. */
const spans = new WeakMap<LogRecord, Span>()

/** From now on the record is processed in this span. */
export const processIn = (span: Span, record: LogRecord): unknown => spans.set(record, span)

/** Calls the function within the span in which the record is processed, if there is one. */
export function withinSpanOf<T>(record: LogRecord, call: (span?: Span) => T): T {
  const span = spans.get(record)
  return span === undefined ? call() : context.with(trace.setSpan(context.active(), span), () => call(span))
}

/** Names of the headers that carry a trace, as the SDK's propagators have them: none where there is no SDK. */
export const traceHeaders = (): readonly string[] => propagation.fields()

/** The span that a record was published in, where it was recorded. */
export function carriedSpan({ headers }: LogRecord, names: readonly string[]): SpanContext | undefined {
  if (!carriesTrace(headers, names)) return undefined
  const carried = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers))
  return carried !== undefined && (carried.traceFlags & TraceFlags.SAMPLED) !== 0 ? carried : undefined
}

type Headers = Readonly<Record<string, string>>

export function headersOf(span: Span): Headers {
  const headers: Record<string, string> = {}
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers)
  return headers
}

/**
 * The record with these headers, or with those of its cause's span where that is not the active one: a batch may have many.
 * As it is where it carries a trace of its own.
 */
export function carrying(record: OutgoingRecord, names: readonly string[], ofActive?: Headers): OutgoingRecord {
  if (record.cause === undefined && ofActive === undefined) return record
  const { cause, headers = {} } = record
  const span = cause && spans.get(cause)
  const added = span === undefined || span === trace.getActiveSpan() ? ofActive : headersOf(span)
  return added === undefined || carriesTrace(headers, names) ? record : { ...record, headers: { ...headers, ...added } }
}

const carriesTrace = (headers: Headers, names: readonly string[]): boolean => names.some((name) => name in headers)
