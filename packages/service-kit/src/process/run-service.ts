import { Type, type Static, type TObject } from 'typebox'
import type { Environment } from '../config/read-config.ts'
import type { HttpServer } from '../http/base-server.ts'
import type { Service, ServiceDependencies } from '../service.ts'
import { connectDrivers, requireServers } from './connect-drivers.ts'
import type { Ending } from './ending.ts'
import { PlatformConfigSchema, type PlatformConfig } from './platform-config.ts'
import { processSchema, runHttpProcess } from './run-http-process.ts'
import { serveService, type ServeServiceOptions } from './serve-service.ts'

export interface RunServiceOptions<Schema extends TObject> {
  readonly name: string
  readonly version: string
  /** The service's own variables; those of `PlatformConfigSchema` are read beside them. */
  readonly schema: Schema
  readonly env: Environment
  /** Whether it also starts while the online store does not answer. Default false. */
  readonly startsWithoutOnlineStore?: boolean
  readonly create: (config: Static<Schema> & PlatformConfig, dependencies: ServiceDependencies) => Promise<Service>
}

/** A service as a process of its own: stores, consumers, HTTP, until a signal; then all of it ends in reverse. */
export function runService<Schema extends TObject>(options: RunServiceOptions<Schema>): Promise<void> {
  const { name, version, schema, env, startsWithoutOnlineStore = false, create } = options
  return runHttpProcess({
    name,
    schema: Type.Object({ ...schema.properties, ...PlatformConfigSchema.properties }),
    env,
    create: (config, parts) =>
      startService(config, {
        ...parts,
        name,
        version,
        startsWithoutOnlineStore,
        create: (dependencies) => create(config as Static<Schema> & PlatformConfig, dependencies),
      }),
  })
}

/** Every variable of a service's process, its own first. */
export const serviceSchema = (own: TObject): TObject =>
  processSchema(Type.Object({ ...own.properties, ...PlatformConfigSchema.properties }))

interface StartServiceOptions extends Omit<ServeServiceOptions, 'config' | 'ending'> {
  readonly ending: Ending
  readonly startsWithoutOnlineStore: boolean
}

async function startService(config: PlatformConfig, options: StartServiceOptions): Promise<HttpServer> {
  requireServers(config)
  await using stack = new AsyncDisposableStack()
  const drivers = options.ending.own(stack, 'stores', await connectDrivers(config, options.log, options))
  const server = stack.use(await serveService(drivers, { ...options, config }))
  const owned = stack.move()
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
