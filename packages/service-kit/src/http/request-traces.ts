import { randomBytes } from 'node:crypto'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpApp } from '../service.ts'
import { mayRecordRoot } from '../tracing/root-share.ts'

/** Health checks and scrapes come every few seconds and say nothing. */
const tracedPaths = '/v1/'

/**
 * A span for each call of the API that is recorded, in the caller's trace where it sends one, and its handlers within that
 * span. Of the path it has the route's pattern alone, and nothing of the query, the headers or the body: they hold ids of
 * people.
 *
 * Fastify's own steps are used instead of an instrumentation of `node:http`, which would put paths, queries and addresses on
 * every span, and wraps every listener of each request. Register it before every hook that logs. Without an SDK, which is
 * there before the app or not at all, nothing is done.
 */
export function addRequestTraces(app: HttpApp): void {
  if (propagation.fields().length === 0) return
  const tracer = trace.getTracer('@rapport/service-kit')
  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (!request.url.startsWith(tracedPaths)) return done()
    const parent = propagation.extract(ROOT_CONTEXT, request.headers)
    if (trace.getSpanContext(parent) === undefined && !mayRecordRoot()) return done()
    const span = startSpan(tracer, request, parent)
    // A context takes part in each promise and each callback that comes after: there is none where nothing would read it.
    if (!span.isRecording()) return done()
    reply.raw.once('close', () => end(span, reply))
    // All that comes after is called from within: Fastify keeps to it over the body, which the connection hands in.
    return context.with(trace.setSpan(ROOT_CONTEXT, span), done)
  })
}

/**
 * The trace in which a call is to go on elsewhere: below its own span, or, where it is not recorded, that of its caller or a
 * new one, not to be recorded there either.
 */
export function onwardTrace({ headers }: FastifyRequest): Context {
  if (trace.getActiveSpan()?.isRecording() === true || propagation.fields().length === 0) return context.active()
  const carried = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers))
  const { traceId, spanId } = carried ?? newIds()
  return trace.setSpanContext(ROOT_CONTEXT, { ...carried, traceId, spanId, traceFlags: TraceFlags.NONE })
}

function newIds(): { readonly traceId: string; readonly spanId: string } {
  const digits = randomBytes(24).toString('hex')
  return { traceId: digits.slice(0, 32), spanId: digits.slice(32) }
}

function startSpan(tracer: Tracer, { method, protocol, routeOptions }: FastifyRequest, parent: Context): Span {
  const route = routeOptions.url
  return tracer.startSpan(
    route === undefined ? method : `${method} ${route}`,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        'url.scheme': protocol,
        ...(route !== undefined && { 'http.route': route }),
      },
    },
    parent,
  )
}

function end(span: Span, { raw: { statusCode, writableFinished } }: FastifyReply): void {
  if (writableFinished) span.setAttribute('http.response.status_code', statusCode)
  const failure = writableFinished ? (statusCode >= 500 ? String(statusCode) : undefined) : 'aborted'
  if (failure !== undefined) {
    span.setAttribute('error.type', failure)
    if (writableFinished) span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}
