import {
  addOperationsRoutes,
  addReferencePage,
  createBaseServer,
  type HttpServer,
  type Logger,
} from '@rapport/service-kit'
import { Counter, Gauge, type Registry } from 'prom-client'
import { upstreamUrls, type GatewayConfig } from './config.ts'
import { addForwarding } from './forward.ts'
import { mergedOpenApi } from './openapi.ts'
import { Upstreams } from './upstreams.ts'

export interface GatewayDependencies {
  readonly log: Logger
  readonly metrics: Registry
  readonly version: string
  /** For calls in flight when it stops. */
  readonly stopMs: number
}

/** One address for services that run as processes of their own. It knows no keys: the services check them. */
export async function createGateway(
  config: GatewayConfig,
  { log, metrics, version, stopMs }: GatewayDependencies,
): Promise<HttpServer> {
  await using stack = new AsyncDisposableStack()
  const upstreams = stack.use(
    new Upstreams({ urls: upstreamUrls(config), probeMs: config.RAPPORT_GATEWAY_PROBE_MS, log }),
  )
  await upstreams.start()
  registerMetrics(metrics, upstreams)
  const rerouted = new Counter({
    name: 'rapport_gateway_rerouted_total',
    help: 'Calls that were sent once more, to another process or to another behind the same address, because the first could not be reached or broke off.',
    labelNames: ['service'] as const,
    registers: [metrics],
  })
  const limits = { bodyBytes: Number.MAX_SAFE_INTEGER, stopMs }
  // While anything can be answered the gateway is of use; what cannot is answered with 503.
  const notReady = (): readonly string[] =>
    upstreams.all.some(({ isReady }) => isReady) ? [] : ['no process of any service is ready']
  const server = stack.use(
    await createBaseServer({ log, limits, metrics, notReady }, async (app, operations) => {
      addOperationsRoutes(app, operations)
      const title = 'Rapport'
      app.get('/openapi.json', () => mergedOpenApi(upstreams, { title, version }))
      addReferencePage(app, title)
      await addForwarding(app, {
        upstreams,
        timeoutMs: config.RAPPORT_GATEWAY_TIMEOUT_SECONDS * 1000,
        connections: config.RAPPORT_GATEWAY_CONNECTIONS,
        heldBytes: config.RAPPORT_GATEWAY_HELD_BYTES,
        rerouted,
      })
    }),
  )
  const owned = stack.move()
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function registerMetrics(metrics: Registry, upstreams: Upstreams): void {
  const ready = new Gauge({
    name: 'rapport_gateway_upstream_ready',
    help: '1 where the process says that it is ready.',
    labelNames: ['service', 'upstream'] as const,
    registers: [metrics],
    collect: () => {
      for (const { service, origin, isReady } of upstreams.all)
        ready.set({ service, upstream: origin }, isReady ? 1 : 0)
    },
  })
}
