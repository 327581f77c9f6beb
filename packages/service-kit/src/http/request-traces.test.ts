import { once } from 'node:events'
import { request as send, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { json, text } from 'node:stream/consumers'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { recordSpans, type RecordedSpans } from '@rapport/messaging/recorded-spans'
import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../logger.ts'
import type { HttpApp } from '../service.ts'
import { recordRoots } from '../tracing/root-share.ts'
import { createBaseServer } from './base-server.ts'
import { addOperationsRoutes } from './operations-routes.ts'

let stack: AsyncDisposableStack
let spans: RecordedSpans
let lines: Record<string, unknown>[]
let url: string
let arrived: PromiseWithResolvers<void>
let hanging: PromiseWithResolvers<void>

const Schema = { body: Type.Object({ text: Type.String() }), querystring: Type.Object({ about: Type.String() }) }

function addRoutes(app: HttpApp): void {
  app.addHook('onRequest', (_request, _reply, done) => {
    arrived.resolve()
    done()
  })
  app.post('/v1/users/:id/texts', { schema: Schema }, async (request) => {
    await Promise.resolve()
    request.log.warn({}, 'in the handler')
    return { span: trace.getActiveSpan()?.spanContext().spanId }
  })
  app.get('/v1/fails', () => Promise.reject(new Error('a personal matter')))
  app.get('/v1/refuses', (_request, reply) => reply.code(404).send({}))
  app.get('/v1/hangs', () => {
    hanging.resolve()
    return new Promise(() => {})
  })
}

const start = async (): Promise<void> => {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
  const options = {
    log: createLogger('test', { destination, level: 'warn' }),
    metrics: new Registry(),
    notReady: () => [],
  }
  // Every request is slow.
  const limits = { slowRequestMs: -1, stopMs: 0 }
  const server = await createBaseServer({ ...options, limits }, async (app, operations) => {
    addOperationsRoutes(app, operations)
    addRoutes(app)
  })
  url = (await stack.use(server).listen({ port: 0 })).url
}

beforeEach(() => {
  stack = new AsyncDisposableStack()
  lines = []
  arrived = Promise.withResolvers()
  hanging = Promise.withResolvers()
})
afterEach(() => stack.disposeAsync())

const post = (headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/v1/users/ann%40example.com/texts?about=ann`, {
    method: 'POST',
    body: JSON.stringify({ text: 'a personal matter' }),
    headers: { 'content-type': 'application/json', ...headers },
  })
const ended = async (name: string) => {
  await vi.waitFor(() => expect(spans.named(name)).not.toEqual([]))
  return spans.named(name)[0]!
}

describe('with an SDK', () => {
  beforeEach(async () => {
    spans = stack.use(recordSpans())
    await start()
  })

  it('has a span for each call, in which the handler works, and nothing personal on it', async () => {
    const answer = (await (await post()).json()) as { span: string }
    const span = await ended('POST /v1/users/:id/texts')
    expect(answer.span).toBe(span.spanContext().spanId)
    expect(span.kind).toBe(SpanKind.SERVER)
    expect(span.parentSpanContext).toBeUndefined()
    expect(span.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/users/:id/texts',
      'http.response.status_code': 200,
      'url.scheme': 'http',
    })
    expect(span.status.code).toBe(SpanStatusCode.UNSET)
  })

  it('keeps to the span where the body comes after the head', async () => {
    const headers = { 'content-type': 'application/json' }
    const call = send(`${url}/v1/users/ann/texts?about=ann`, { method: 'POST', headers })
    call.flushHeaders()
    await arrived.promise
    call.end(JSON.stringify({ text: 'a personal matter' }))
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    const span = await ended('POST /v1/users/:id/texts')
    expect(await json(response)).toEqual({ span: span.spanContext().spanId })
  })

  it('goes on in the trace that the caller names, and is not recorded where the caller says so', async () => {
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)]
    await post({ traceparent: `00-${traceId}-${spanId}-01` })
    const span = await ended('POST /v1/users/:id/texts')
    expect(span.spanContext().traceId).toBe(traceId)
    expect(span.parentSpanContext).toMatchObject({ spanId, isRemote: true })
    await post({ traceparent: `00-${'c'.repeat(32)}-${spanId}-00` })
    await vi.waitFor(() => expect(lines).toHaveLength(4))
    expect(spans.all()).toHaveLength(1)
  })

  it('begins no trace that is not to be recorded, and goes on in those that callers record', async () => {
    recordRoots(0)
    stack.defer(() => recordRoots(1))
    expect(await (await post()).json()).toEqual({})
    const traceId = 'a'.repeat(32)
    await post({ traceparent: `00-${traceId}-${'b'.repeat(16)}-01` })
    await ended('POST /v1/users/:id/texts')
    expect(spans.all().map((span) => span.spanContext().traceId)).toEqual([traceId])
  })

  it('leaves an unrecorded call out of the span of the one before it on its connection', async () => {
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)]
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    stack.defer(() => void socket.destroy())
    const call = (flags: string, more: string): string =>
      `POST /v1/users/ann/texts?about=ann HTTP/1.1\r\nhost: test\r\n${more}content-type: application/json\r\n` +
      `content-length: 12\r\ntraceparent: 00-${traceId}-${spanId}-${flags}\r\n\r\n{"text":"a"}`
    socket.write(call('01', '') + call('00', 'connection: close\r\n'))
    const answers = (await text(socket)).match(/\{.*?\}/g)?.map((body) => JSON.parse(body) as { span?: string })
    expect(answers).toEqual([{ span: spans.all()[0]?.spanContext().spanId }, {}])
  })

  it('puts the ids of the span on each line that is logged in it, and on no others', async () => {
    await post()
    const span = (await ended('POST /v1/users/:id/texts')).spanContext()
    const ids = { trace_id: span.traceId, span_id: span.spanId }
    await vi.waitFor(() => expect(lines.map(({ msg }) => msg)).toEqual(['in the handler', 'a slow request']))
    expect(lines[0]).toMatchObject(ids)
    expect(lines[1]).toMatchObject(ids)
    await fetch(`${url}/health/live`)
    await vi.waitFor(() => expect(lines).toHaveLength(3))
    expect(lines[2]).not.toHaveProperty('trace_id')
    expect(spans.all()).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toMatch(/ann|personal/)
  })

  it('marks what went wrong here, and not what the caller is told to mend', async () => {
    await fetch(`${url}/v1/fails`)
    const failed = await ended('GET /v1/fails')
    expect(failed.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(failed.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' })
    expect(failed.events).toEqual([])
    await fetch(`${url}/v1/refuses`)
    const refused = await ended('GET /v1/refuses')
    expect(refused.status.code).toBe(SpanStatusCode.UNSET)
    expect(refused.attributes).toHaveProperty('http.response.status_code', 404)
    expect(lines.find(({ msg }) => msg === 'a request failed')).toMatchObject({
      trace_id: failed.spanContext().traceId,
    })
  })

  it('names no path that has no route', async () => {
    await fetch(`${url}/v1/nothing/ann`)
    expect((await ended('GET')).attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 404,
      'url.scheme': 'http',
    })
  })

  it('ends with a call whose caller goes away', async () => {
    const leaving = new AbortController()
    const call = fetch(`${url}/v1/hangs`, { signal: leaving.signal }).catch(() => undefined)
    await hanging.promise
    leaving.abort()
    await call
    const { attributes } = await ended('GET /v1/hangs')
    expect(attributes).toHaveProperty('error.type', 'aborted')
    expect(attributes).not.toHaveProperty('http.response.status_code')
  })
})

describe('without an SDK', () => {
  it('serves and logs without ids', async () => {
    await start()
    expect(await (await post({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })).json()).toEqual({})
    await vi.waitFor(() => expect(lines).toHaveLength(2))
    expect(JSON.stringify(lines)).not.toContain('trace_id')
  })
})
