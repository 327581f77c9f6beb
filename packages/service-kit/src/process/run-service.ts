import { systemClock } from '@rapport/core'
import { Registry } from 'prom-client'
import { Type, type Static, type TObject } from 'typebox'
import { startAccessControl } from '../access/access-control.ts'
import { ConfigError } from '../config/config-error.ts'
import { readConfig, type Environment } from '../config/read-config.ts'
import { createHttpServer } from '../http/http-server.ts'
import { createLogger } from '../logger.ts'
import type { Service, ServiceDependencies } from '../service.ts'
import { connectDrivers } from './connect-drivers.ts'
import { PlatformConfigSchema, type PlatformConfig } from './platform-config.ts'
import { stopSignal } from './stop-signal.ts'

export interface RunServiceOptions<Schema extends TObject> {
  readonly name: string
  readonly version: string
  /** The service's own variables; those of `PlatformConfigSchema` are read beside them. */
  readonly schema: Schema
  readonly env: Environment
  readonly create: (config: Static<Schema>, dependencies: ServiceDependencies) => Promise<Service>
}

/** A service as a process of its own: configuration, drivers, consumers, HTTP, until a signal; then all of it ends in reverse. */
export async function runService<Schema extends TObject>(options: RunServiceOptions<Schema>): Promise<void> {
  const platform = readOrExplain(
    Type.Object({ ...options.schema.properties, ...PlatformConfigSchema.properties }),
    options.env,
  )
  if (platform === undefined) return
  const config = platform as PlatformConfig
  const log = createLogger(options.name, { level: config.RAPPORT_LOG_LEVEL, pretty: config.RAPPORT_LOG_PRETTY })
  await using stack = new AsyncDisposableStack()
  const drivers = stack.use(await connectDrivers({ dataDir: config.RAPPORT_DATA_DIR, log }))
  const { eventLog, objectStore } = drivers
  const metrics = new Registry()
  const rateLimit = { perSecond: config.RAPPORT_KEY_RATE_PER_SECOND, burst: config.RAPPORT_KEY_BURST }
  const access = stack.use(await startAccessControl({ objectStore, eventLog, log, clock: systemClock, rateLimit }))
  const dependencies = { log, clock: systemClock, metrics, eventLog, objectStore, onlineStore: drivers.onlineStore }
  const service = stack.use(await options.create(platform as Static<Schema>, dependencies))
  const { name: title, version } = options
  const limits = { stopMs: config.RAPPORT_STOP_SECONDS * 1000 }
  const server = stack.use(
    await createHttpServer({ log, access, title, version, services: [service], limits, metrics }),
  )
  await service.startServing()
  await service.startConsuming()
  const { url } = await server.listen({ port: config.PORT, host: config.RAPPORT_HOST })
  log.info({ url }, 'listening')
  const signal = await stopSignal()
  log.info({ signal }, 'stopping')
}

/** Configuration, or its problems on standard error and exit code 78 (EX_CONFIG of sysexits.h). */
function readOrExplain(schema: TObject, env: Environment): object | undefined {
  try {
    return readConfig(schema, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 78
    return undefined
  }
}
