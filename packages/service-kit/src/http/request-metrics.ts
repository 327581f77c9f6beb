import type { FastifyReply, FastifyRequest } from 'fastify'
import { getHeapStatistics } from 'node:v8'
import { collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client'
import type { HttpApp } from '../service.ts'

const bucketsSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface RequestMetricsOptions {
  readonly metrics: Registry
  /** Requests that take longer are logged as a warning. */
  readonly slowRequestMs: number
}

/**
 * Rate, errors and duration of requests by method, route pattern and status, and the metrics of the process.
 * Unknown paths share one label value, so that a scanner cannot grow the series.
 */
export function addRequestMetrics(app: HttpApp, { metrics, slowRequestMs }: RequestMetricsOptions): void {
  if (metrics.getSingleMetric('process_cpu_seconds_total') === undefined) addProcessMetrics(metrics)
  const durations = new Histogram({
    name: 'rapport_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: bucketsSeconds,
    registers: [metrics],
  })
  // Finding a series by its labels costs more than adding to it.
  const series = new Map<string, ReturnType<typeof durations.labels>>()
  const seriesOf = (method: string, route: string, status: number): ReturnType<typeof durations.labels> => {
    const key = `${method} ${status} ${route}`
    const known = series.get(key)
    if (known !== undefined) return known
    const made = durations.labels({ method, route, status })
    series.set(key, made)
    return made
  }
  const logsEach = app.log.isLevelEnabled('debug')
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const { elapsedTime } = reply
    const route = request.routeOptions.url ?? 'unknown'
    seriesOf(request.method, route, reply.statusCode).observe(elapsedTime / 1000)
    if (logsEach || elapsedTime > slowRequestMs) logRequest(request, reply, elapsedTime > slowRequestMs)
    done()
  })
}

/** Those of prom-client, and what the heap may grow to: V8 ends the process there. */
function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  const limit = new Gauge({
    name: 'rapport_heap_limit_bytes',
    help: 'Size that the heap of the process’s main thread may have.',
    registers: [registry],
  })
  limit.set(getHeapStatistics().heap_size_limit)
}

function logRequest(request: FastifyRequest, reply: FastifyReply, slow: boolean): void {
  const fields = {
    method: request.method,
    route: request.routeOptions.url,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 100) / 100,
    keyId: (request as { principal?: { keyId: string } }).principal?.keyId,
  }
  if (slow) request.log.warn(fields, 'a slow request')
  else request.log.debug(fields, 'request')
}
