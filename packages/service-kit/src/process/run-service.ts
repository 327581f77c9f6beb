import { systemClock } from '@rapport/core'
import type { Registry } from 'prom-client'
import { Type, type Static, type TObject } from 'typebox'
import { startAccessControl } from '../access/access-control.ts'
import type { Environment } from '../config/read-config.ts'
import type { HttpServer } from '../http/base-server.ts'
import { createHttpServer } from '../http/http-server.ts'
import type { Logger } from '../logger.ts'
import type { Service, ServiceDependencies } from '../service.ts'
import { connectDrivers, requireServers } from './connect-drivers.ts'
import { PlatformConfigSchema, type PlatformConfig } from './platform-config.ts'
import { processSchema, runHttpProcess } from './run-http-process.ts'

export interface RunServiceOptions<Schema extends TObject> {
  readonly name: string
  readonly version: string
  /** The service's own variables; those of `PlatformConfigSchema` are read beside them. */
  readonly schema: Schema
  readonly env: Environment
  readonly create: (config: Static<Schema> & PlatformConfig, dependencies: ServiceDependencies) => Promise<Service>
}

/** A service as a process of its own: stores, consumers, HTTP, until a signal; then all of it ends in reverse. */
export function runService<Schema extends TObject>(options: RunServiceOptions<Schema>): Promise<void> {
  const { name, version, schema, env, create } = options
  return runHttpProcess({
    name,
    schema: Type.Object({ ...schema.properties, ...PlatformConfigSchema.properties }),
    env,
    create: (config, parts) =>
      startService(config, parts, {
        name,
        version,
        create: (dependencies) => create(config as Static<Schema> & PlatformConfig, dependencies),
      }),
  })
}

/** Every variable of a service's process, its own first. */
export const serviceSchema = (own: TObject): TObject =>
  processSchema(Type.Object({ ...own.properties, ...PlatformConfigSchema.properties }))

interface ServiceParts {
  readonly name: string
  readonly version: string
  readonly create: (dependencies: ServiceDependencies) => Promise<Service>
}

async function startService(
  config: PlatformConfig,
  { log, metrics }: { log: Logger; metrics: Registry },
  { name, version, create }: ServiceParts,
): Promise<HttpServer> {
  requireServers(config)
  await using stack = new AsyncDisposableStack()
  const drivers = stack.use(await connectDrivers(config, log))
  const { eventLog, objectStore, onlineStore } = drivers
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
