import { systemClock } from '@rapport/core'
import type { Registry } from 'prom-client'
import { startAccessControl } from '../access/access-control.ts'
import type { HttpServer } from '../http/base-server.ts'
import { createHttpServer } from '../http/http-server.ts'
import type { Logger } from '../logger.ts'
import type { Service, ServiceDependencies } from '../service.ts'
import type { Drivers } from './connect-drivers.ts'
import { addDriverMetrics } from './driver-metrics.ts'
import type { PlatformConfig } from './platform-config.ts'

export interface ServeServiceOptions {
  readonly name: string
  readonly version: string
  readonly config: PlatformConfig
  readonly log: Logger
  readonly metrics: Registry
  readonly create: (dependencies: ServiceDependencies) => Promise<Service>
}

/** What runs in a service's process: its consumers, its HTTP side and the metrics of both; disposing of the server ends all of it. */
export async function serveService(drivers: Drivers, options: ServeServiceOptions): Promise<HttpServer> {
  const { name, version, config, log, metrics, create } = options
  const { eventLog, objectStore, onlineStore } = drivers
  await using stack = new AsyncDisposableStack()
  addDriverMetrics(metrics, drivers)
  const rateLimit = { perSecond: config.RAPPORT_KEY_RATE_PER_SECOND, burst: config.RAPPORT_KEY_BURST }
  const access = stack.use(await startAccessControl({ objectStore, eventLog, log, clock: systemClock, rateLimit }))
  const service = stack.use(await create({ log, clock: systemClock, metrics, eventLog, objectStore, onlineStore }))
  const limits = { stopMs: config.RAPPORT_STOP_SECONDS * 1000 }
  const server = stack.use(
    await createHttpServer({ log, access, title: name, version, services: [service], limits, metrics }),
  )
  await service.startServing()
  await service.startConsuming()
  const owned = stack.move()
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
