import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpApp } from '../service.ts'

/** Health checks and scrapes come every few seconds and say nothing. */
const tracedPaths = '/v1/'

/**
 * A span for each call of the API, in the caller's trace where it sends one, and its handlers within that span. Of the path
 * it has the route's pattern alone, and nothing of the query, the headers or the body: they hold ids of people.
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
    const { method, protocol } = request
    const route = request.routeOptions.url
    const span = tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'url.scheme': protocol,
          ...(route !== undefined && { 'http.route': route }),
        },
      },
      propagation.extract(ROOT_CONTEXT, request.headers),
    )
    if (span.isRecording()) reply.raw.once('close', () => end(span, reply))
    // All that comes after is called from within: Fastify keeps to it over the body, which the connection hands in.
    return context.with(trace.setSpan(ROOT_CONTEXT, span), done)
  })
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
