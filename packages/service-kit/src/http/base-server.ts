import { fastify, LogController, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { HttpApp } from '../service.ts'
import { answerClientError } from './client-error.ts'
import { ErrorAnswers } from './error-handler.ts'
import { addNotFoundHandler } from './method-not-allowed.ts'
import type { OperationsOptions } from './operations-routes.ts'
import { requestIdOf } from './request-id.ts'
import { createRequestLog } from './request-log.ts'
import { addRequestMetrics } from './request-metrics.ts'
import { addRequestTraces } from './request-traces.ts'
import { StreamedBodies } from './streamed-bodies.ts'
import { compileValidator } from './validation.ts'

export interface HttpLimits {
  /** Default 1 MiB; a route may set its own `bodyLimit`. */
  readonly bodyBytes?: number
  /** For a whole request to arrive; of a streamed body (`request.streamBody()`), without a byte. Default 5 minutes. */
  readonly requestMs?: number
  /** For requests in flight when the server stops. Default 10 s. */
  readonly stopMs?: number
  /** Requests that take longer are logged. Default 1 s. */
  readonly slowRequestMs?: number
}

export interface HttpServer extends AsyncDisposable {
  readonly app: HttpApp
  /** Binds (127.0.0.1 unless said otherwise; port 0 takes a free one) and resolves with where. */
  listen(at: {
    readonly port: number
    readonly host?: string
  }): Promise<{ readonly url: string; readonly port: number }>
  /** Makes `/health/ready` answer 503 from now on and ends connections behind their next answer, while everything is still served. */
  drain(): void
}

export interface BaseServerOptions {
  readonly log: Logger
  readonly limits?: HttpLimits
  readonly metrics: Registry
  /** What `/metrics` answers, in the Prometheus text format; the registry alone when absent. */
  readonly scrape?: () => Promise<string>
  /** Empty when the process can serve; otherwise what it waits for. */
  readonly notReady: () => readonly string[]
}

/**
 * What every HTTP process has: request ids, one error format, request metrics, and a stop that drains.
 * @param build Adds the routes, those of operations (`addOperationsRoutes`) among them.
 */
export async function createBaseServer(
  options: BaseServerOptions,
  build: (app: HttpApp, operations: OperationsOptions) => Promise<void>,
): Promise<HttpServer> {
  const { log, limits = {}, metrics } = options
  let draining = false
  const app = createApp(log, limits)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    if (draining) reply.header('connection', 'close')
    done()
  })
  addRequestTraces(app)
  addNotFoundHandler(app)
  addRequestMetrics(app, { metrics, slowRequestMs: limits.slowRequestMs ?? 1000 })
  await build(app, {
    contentType: metrics.contentType,
    scrape: options.scrape ?? (() => metrics.metrics()),
    notReady: () => [...(draining ? ['the process is stopping'] : []), ...options.notReady()],
  })
  await app.ready()
  return {
    app,
    listen: async ({ port, host = '127.0.0.1' }) => {
      const url = await app.listen({ port, host })
      return { url, port: Number(new URL(url).port) }
    },
    drain: () => {
      draining = true
    },
    [Symbol.asyncDispose]: async () => {
      draining = true
      await close(app, limits.stopMs ?? 10_000)
    },
  }
}

/** Stops taking connections, lets requests in flight end, and ends those that take longer than `stopMs`. */
async function close(app: HttpApp, stopMs: number): Promise<void> {
  const closed = app.close()
  // A connection whose last answer was on its way when the stop began stays open as idle; nobody else closes it.
  const sweep = setInterval(() => app.server.closeIdleConnections(), 20)
  const limit = setTimeout(() => app.server.closeAllConnections(), stopMs)
  try {
    await closed
  } finally {
    clearInterval(sweep)
    clearTimeout(limit)
  }
}

function createApp(log: Logger, limits: HttpLimits): HttpApp {
  const requestMs = limits.requestMs ?? 300_000
  const bodies = new StreamedBodies()
  const errors = new ErrorAnswers()
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: createRequestLog,
    genReqId: requestIdOf,
    requestIdHeader: false,
    bodyLimit: limits.bodyBytes ?? 1024 ** 2,
    requestTimeout: requestMs,
    // Node takes the longer of the two limits for that of the whole.
    http: { headersTimeout: Math.min(60_000, requestMs), connectionsCheckingInterval: Math.min(30_000, requestMs / 4) },
    forceCloseConnections: 'idle',
    // A request that comes over a living connection while the server stops is served, and told to close the connection.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // Some event clients end every path with a slash.
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    frameworkErrors: errors.answer,
    clientErrorHandler: (error, socket) => {
      const refuse = (): void => answerClientError(error, socket)
      if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT' || !bodies.watch(socket, { idleMs: requestMs, refuse })) refuse()
    },
  }) as unknown as HttpApp
  app.decorateRequest('streamBody', function streamBody(this: FastifyRequest): void {
    bodies.add(this.raw)
  })
  app.addHook('onResponse', (request, _reply, done) => {
    bodies.remove(request.raw)
    done()
  })
  // No route takes plain text; the framework would hand it to routes that describe their bodies by content type.
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler(compileValidator)
  app.setErrorHandler(errors.answer)
  app.decorate('answerErrorsBelow', (path, form) => errors.addForm(path, form))
  return app
}
