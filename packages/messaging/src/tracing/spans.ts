import { RapportError } from '@rapport/core'
import { SpanStatusCode, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api'

/** Asked for anew each time: one that was asked for before there is an SDK may record nothing. */
export const tracer = (): Tracer => trace.getTracer('@rapport/messaging')

/** By the semantic conventions for messaging. Which driver the port has is not known here. */
export const attributesOf = (operation: 'publish' | 'process', topic: string | undefined): Attributes => ({
  'messaging.system': 'rapport_event_log',
  'messaging.operation.name': operation,
  'messaging.operation.type': operation === 'publish' ? 'send' : 'process',
  ...(topic !== undefined && { 'messaging.destination.name': topic }),
})

export const batchCount = (count: number): Attributes => (count > 1 ? { 'messaging.batch.message_count': count } : {})

/** By its code or class alone: what an error says may hold anything. */
export const markFailed = (span: Span, error: unknown): void =>
  markRefused(span, error instanceof RapportError ? error.code : error instanceof Error ? error.name : '_OTHER')

export function markRefused(span: Span, code: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.setAttribute('error.type', code)
}
