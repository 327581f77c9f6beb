import { setTimeout } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { Type, type Static, type TObject } from 'typebox'
import { ConfigError } from '../config/config-error.ts'
import { readConfig, type Environment } from '../config/read-config.ts'
import type { HttpServer } from '../http/base-server.ts'
import { createLogger, type Logger } from '../logger.ts'
import { HttpProcessSchema } from './platform-config.ts'
import { stopSignal } from './stop-signal.ts'

/** How a process that others send calls to stops: it says so, waits until they know, and then ends. */
export const DrainSchema = Type.Object({
  RAPPORT_DRAIN_SECONDS: Type.Number({
    default: 3,
    minimum: 0,
    maximum: 600,
    description:
      'How long a process that is told to stop still takes calls while `/health/ready` says 503, so that whoever sends them learns of it.',
  }),
})

export interface RunHttpProcessOptions<Schema extends TObject> {
  readonly name: string
  /** The process's own variables; those of `HttpProcessSchema` and `DrainSchema` are read beside them. */
  readonly schema: Schema
  readonly env: Environment
  /** Makes what the process is; disposing of the server ends all of it. */
  readonly create: (config: Static<Schema>, parts: { log: Logger; metrics: Registry }) => Promise<HttpServer>
}

/**
 * A process with an HTTP server: configuration, log, server, until a signal. Then readiness goes first, calls are still
 * taken for `RAPPORT_DRAIN_SECONDS`, those in flight get `RAPPORT_STOP_SECONDS`, and everything ends in reverse. A second
 * signal ends it at once. Exit code 78 (EX_CONFIG of sysexits.h) when the configuration is not valid.
 */
export async function runHttpProcess<Schema extends TObject>(options: RunHttpProcessOptions<Schema>): Promise<void> {
  try {
    await run(options)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 78
  }
}

async function run<Schema extends TObject>(options: RunHttpProcessOptions<Schema>): Promise<void> {
  const read = readConfig(processSchema(options.schema), options.env)
  const config = read as Static<typeof HttpProcessSchema> & Static<typeof DrainSchema>
  const stopped = stopSignal()
  const log = createLogger(options.name, { level: config.RAPPORT_LOG_LEVEL, pretty: config.RAPPORT_LOG_PRETTY })
  await using server = await options.create(read as Static<Schema>, { log, metrics: new Registry() })
  const { url } = await server.listen({ port: config.PORT, host: config.RAPPORT_HOST })
  log.info({ url }, 'listening')
  const signal = await stopped
  log.info({ signal, drainSeconds: config.RAPPORT_DRAIN_SECONDS }, 'stopping')
  server.drain()
  await setTimeout(config.RAPPORT_DRAIN_SECONDS * 1000)
}

/** Every variable of a process, its own first. */
export const processSchema = (own: TObject): TObject =>
  Type.Object({ ...own.properties, ...HttpProcessSchema.properties, ...DrainSchema.properties })
