import { PassThrough, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import replyFrom from '@fastify/reply-from'
import { propagation, type Context } from '@opentelemetry/api'
import { routePrefixes } from '@rapport/contracts'
import { HttpError, onwardTrace, unavailable, type HttpApp } from '@rapport/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Counter } from 'prom-client'
import type { Upstream, Upstreams } from './upstreams.ts'

export interface ForwardOptions {
  readonly upstreams: Upstreams
  readonly timeoutMs: number
  readonly connections: number
  readonly heldBytes: number
  readonly rerouted: Counter<'service'>
}

/** Nothing of the call has arrived anywhere. */
const notReached = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** What was sent may have been done. */
const brokenOff = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Of one connection alone (RFC 9110, 7.6.1). */
const ofTheConnection = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** A body that a method does not have is not passed on. */
const ofABody = new Set(['content-length', 'content-type', 'content-encoding'])

/** Every prefix of the route table goes to the processes of its owner. */
export async function addForwarding(app: HttpApp, options: ForwardOptions): Promise<void> {
  await app.register(replyFrom, {
    disableCache: true,
    disableRequestLogging: true,
    undici: {
      connections: options.connections,
      headersTimeout: options.timeoutMs,
      // A stream (`/v1/events/tail`) may be silent for long.
      bodyTimeout: 0,
    },
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) =>
    holdOrStream(request, payload, options.heldBytes),
  )
  const forwarder = new Forwarder(options)
  for (const [service, prefixes] of Object.entries(routePrefixes)) {
    for (const prefix of prefixes) {
      for (const url of [prefix, `${prefix}/*`]) {
        app.all(url, (request, reply) =>
          forwarder.forward({ service, tried: new Set(), request, reply, trace: onwardTrace(request) }),
        )
      }
    }
  }
}

interface Call {
  readonly service: string
  readonly tried: Set<Upstream>
  readonly isRepeated?: boolean
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** In whose trace it is. */
  readonly trace: Context
  readonly cause?: unknown
}

class Forwarder {
  readonly #options: ForwardOptions

  constructor(options: ForwardOptions) {
    this.#options = options
  }

  /** @throws HttpError 503 when no process is left to try. */
  forward(call: Call): FastifyReply {
    const { service, tried, request, reply, trace, cause } = call
    const upstream = this.#options.upstreams.pick(service, tried)
    if (upstream === undefined) throw unavailable(`No process of the ${service} service is ready.`, { cause })
    upstream.inFlight.add(call)
    reply.raw.once('close', () => upstream.inFlight.delete(call))
    return reply.from(undefined, {
      getUpstream: () => upstream.origin,
      ...(Buffer.isBuffer(request.body) ? { body: request.body, contentType: 'application/octet-stream' } : {}),
      rewriteRequestHeaders: (_request, { host }) => ({ ...headersFor(request, trace), host }),
      rewriteHeaders: (headers) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheConnection.has(name))),
      onError: (_reply, { error }) => {
        upstream.inFlight.delete(call)
        this.#answerFailure({ ...call, cause: error.cause }, upstream)
      },
    })
  }

  #answerFailure(call: Call, upstream: Upstream): void {
    const { service, request, reply, tried, cause } = call
    const code = codeOf(cause)
    // Another connection to the only address may lead to another process; the second that leads nowhere tells.
    const maySucceed = this.#options.upstreams.isOnly(upstream) && call.isRepeated !== true
    if (notReached.has(code) && !maySucceed) this.#options.upstreams.noteUnreachable(upstream, cause)
    if (!mayRepeat(request, code)) {
      // What is left of a streamed body is not read.
      if (isStream(request.body)) reply.header('connection', 'close')
      reply.send(toHttpError(service, code, cause))
      return
    }
    if (!maySucceed) tried.add(upstream)
    this.#options.rerouted.inc({ service })
    try {
      this.forward({ ...call, isRepeated: true })
    } catch (error) {
      reply.send(error)
    }
  }
}

/** Whether another process may take the call: when nothing of it arrived, or when doing it twice does no harm. */
const mayRepeat = ({ body, method }: FastifyRequest, code: string): boolean =>
  notReached.has(code) ? !isStream(body) : brokenOff.has(code) && repeatable.has(method)

const isStream = (body: unknown): boolean => body instanceof PassThrough

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

function toHttpError(service: string, code: string, cause: unknown): HttpError {
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new HttpError(504, 'RPT_GATEWAY_TIMEOUT', `The ${service} service has not answered in time.`, {
      canRetry: true,
      cause,
    })
  }
  return unavailable(`The ${service} service has broken off the call; the same call may succeed now.`, { cause })
}

/**
 * A short body is held, since a process that cannot be reached takes the stream with it. A stream of its own between
 * caller and process keeps the caller's connection when that happens, so that the caller gets an answer.
 */
async function holdOrStream(request: FastifyRequest, payload: Readable, heldBytes: number): Promise<unknown> {
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  if (length <= heldBytes) return buffer(payload)
  // The process that takes it sets the limit.
  request.streamBody()
  const between = new PassThrough()
  payload.once('close', () => {
    if (!payload.readableEnded) between.destroy()
  })
  return payload.pipe(between)
}

function headersFor(request: FastifyRequest, trace: Context): Record<string, string | string[] | undefined> {
  const { headers: given, ip, protocol } = request
  const before = given['x-forwarded-for']
  const dropped = request.body === undefined ? ofTheConnection.union(ofABody) : ofTheConnection
  const kept = Object.entries(given).filter(([name]) => !dropped.has(name))
  const headers: Record<string, string | string[] | undefined> = {
    ...Object.fromEntries(kept),
    'x-request-id': request.id,
    'x-forwarded-for': before === undefined ? ip : `${[before].flat().join(', ')}, ${ip}`,
    'x-forwarded-proto': protocol,
    'x-forwarded-host': given.host ?? '',
  }
  // Over those that came, which are the caller's: without an SDK they stay.
  propagation.inject(trace, headers)
  return headers
}
