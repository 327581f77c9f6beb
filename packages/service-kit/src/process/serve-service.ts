import { systemClock } from '@rapport/core'
import type { Registry } from 'prom-client'
import { startAccessControl } from '../access/access-control.ts'
import type { HttpServer } from '../http/base-server.ts'
import { createHttpServer } from '../http/http-server.ts'
import type { Logger } from '../logger.ts'
import type { Service, ServiceDependencies } from '../service.ts'
import type { Drivers } from './connect-drivers.ts'
import { addDriverMetrics } from './driver-metrics.ts'
import { Ending } from './ending.ts'
import type { PlatformConfig } from './platform-config.ts'

export interface ServeServiceOptions {
  readonly name: string
  readonly version: string
  readonly config: PlatformConfig
  readonly log: Logger
  readonly metrics: Registry
  /** Where whoever stops it can see what still ends. */
  readonly ending?: Ending
  readonly create: (dependencies: ServiceDependencies) => Promise<Service>
}

/** What runs in a service's process: its consumers, its HTTP side and the metrics of both; disposing of the server ends all of it. */
export async function serveService(drivers: Drivers, options: ServeServiceOptions): Promise<HttpServer> {
  const { name, version, config, log, metrics, ending = new Ending(), create } = options
  const { eventLog, objectStore, onlineStore } = drivers
  await using stack = new AsyncDisposableStack()
  addDriverMetrics(metrics, drivers)
  const rateLimit = { perSecond: config.RAPPORT_KEY_RATE_PER_SECOND, burst: config.RAPPORT_KEY_BURST }
  const clock = systemClock
  const pollMs = config.RAPPORT_KEY_POLL_SECONDS * 1000
  const access = await startAccessControl({ objectStore, eventLog, log, clock, rateLimit, pollMs })
  ending.own(stack, 'access control', access)
  const service = await create({ log, clock, metrics, eventLog, objectStore, onlineStore })
  ending.own(stack, 'followers and consumers', service)
  const limits = { stopMs: config.RAPPORT_STOP_SECONDS * 1000 }
  const services = [service]
  const server = await createHttpServer({ log, access, title: name, version, services, limits, metrics })
  ending.own(stack, 'requests in flight', server)
  await service.startServing()
  await service.startConsuming()
  const owned = stack.move()
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
