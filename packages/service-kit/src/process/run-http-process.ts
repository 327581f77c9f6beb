import { setTimeout } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { Type, type Static, type TObject } from 'typebox'
import { ConfigError } from '../config/config-error.ts'
import { readConfig, type Environment } from '../config/read-config.ts'
import { createBaseServer, type HttpServer } from '../http/base-server.ts'
import { addOperationsRoutes, type OperationsOptions } from '../http/operations-routes.ts'
import { createLogger, type Logger } from '../logger.ts'
import type { HttpApp } from '../service.ts'
import { HttpProcessSchema, StartSchema } from './platform-config.ts'
import { Ending } from './ending.ts'
import { stopSignal } from './stop-signal.ts'
import { untilAvailable } from './until-available.ts'

/** How a process that others send calls to stops: it says so, waits until they know, and then ends. */
export const DrainSchema = Type.Object({
  RAPPORT_DRAIN_SECONDS: Type.Number({
    default: 3,
    minimum: 0,
    maximum: 600,
    description:
      'How long a process that is told to stop still takes calls while `/health/ready` says 503, so that whoever sends them learns of it.',
  }),
  RAPPORT_STOP_LIMIT_SECONDS: Type.Number({
    default: 25,
    exclusiveMinimum: 0,
    maximum: 3600,
    description:
      'How long the whole stop may take, RAPPORT_DRAIN_SECONDS included; what has not ended by then is named in the log, and the process ends with code 75.',
  }),
})

/** EX_TEMPFAIL of sysexits.h: the stop took too long. */
const stopLimitExitCode = 75

export interface RunHttpProcessOptions<Schema extends TObject> {
  readonly name: string
  /** The process's own variables; those of `HttpProcessSchema` and `DrainSchema` are read beside them. */
  readonly schema: Schema
  readonly env: Environment
  /** Makes what the process is; disposing of the server ends all of it. */
  readonly create: (config: Static<Schema>, parts: HttpProcessParts) => Promise<HttpServer>
}

export interface HttpProcessParts {
  readonly log: Logger
  readonly metrics: Registry
  /** Of what ends with the process; it is named in the log when it does not end in time. */
  readonly ending: Ending
}

/**
 * A process with an HTTP server: configuration, log, server (tried for `RAPPORT_START_WAIT_SECONDS` while what it needs does
 * not answer), until a signal. Then readiness goes first, calls are still
 * taken for `RAPPORT_DRAIN_SECONDS`, those in flight get `RAPPORT_STOP_SECONDS`, and everything ends in reverse. A second
 * signal ends it at once. What has not ended after `RAPPORT_STOP_LIMIT_SECONDS` is given up, with exit code 75: whatever was
 * acknowledged is durable, and what was begun is done again from the last checkpoint. Exit code 78 (EX_CONFIG of
 * sysexits.h) when the configuration is not valid.
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
  const config = read as ProcessConfig
  checkLimit(config)
  const stopped = stopSignal()
  const log = createLogger(options.name, { level: config.RAPPORT_LOG_LEVEL, pretty: config.RAPPORT_LOG_PRETTY })
  const ending = new Ending()
  void stopped.then(() => giveUpAfter(config.RAPPORT_STOP_LIMIT_SECONDS, { log, ending }))
  const create = () => options.create(read as Static<Schema>, { log, metrics: new Registry(), ending })
  await using server = await startServer(create, { config, log, stopped })
  if (server === undefined) return
  const { url } = await server.listen({ port: config.PORT, host: config.RAPPORT_HOST })
  log.info({ url }, 'listening')
  const signal = await stopped
  log.info({ signal, drainSeconds: config.RAPPORT_DRAIN_SECONDS }, 'stopping')
  server.drain()
  await setTimeout(config.RAPPORT_DRAIN_SECONDS * 1000)
}

type ProcessConfig = Static<typeof HttpProcessSchema> & Static<typeof DrainSchema> & Static<typeof StartSchema>

interface Start {
  readonly config: ProcessConfig
  readonly log: Logger
  readonly stopped: Promise<unknown>
}

/** While what the process needs does not answer, it says that it lives and is not ready. Undefined when it is told to stop. */
async function startServer(
  create: () => Promise<HttpServer>,
  { config, log, stopped }: Start,
): Promise<HttpServer | undefined> {
  await using waiting = new AsyncDisposableStack()
  const stopping = new AbortController()
  void stopped.then(() => stopping.abort())
  let isWaiting = false
  const onUnavailable = async (): Promise<void> => {
    if (isWaiting) return
    isWaiting = true
    const notReady = (): string[] => ['what the process needs does not answer']
    const build = (app: HttpApp, operations: OperationsOptions): Promise<void> =>
      Promise.resolve(addOperationsRoutes(app, operations))
    const server = await createBaseServer({ log, metrics: new Registry(), notReady }, build)
    await waiting.use(server).listen({ port: config.PORT, host: config.RAPPORT_HOST })
  }
  const limitMs = config.RAPPORT_START_WAIT_SECONDS * 1000
  return await untilAvailable(create, { log, limitMs, signal: stopping.signal, onUnavailable })
}

function checkLimit({ RAPPORT_DRAIN_SECONDS: drain, RAPPORT_STOP_LIMIT_SECONDS: limit }: Static<typeof DrainSchema>) {
  if (limit > drain) return
  throw new ConfigError([
    { variable: 'RAPPORT_STOP_LIMIT_SECONDS', reason: `must be more than RAPPORT_DRAIN_SECONDS (${drain})` },
  ])
}

/** Nothing waits for it; it also ends a process that something forgotten keeps alive. */
function giveUpAfter(seconds: number, { log, ending }: Pick<HttpProcessParts, 'log' | 'ending'>): void {
  const giveUp = (): void => {
    log.error({ seconds, running: ending.running }, 'the process has not stopped in time, and ends')
    process.exit(stopLimitExitCode)
  }
  globalThis.setTimeout(giveUp, seconds * 1000).unref()
}

/** Every variable of a process, its own first. */
export const processSchema = (own: TObject): TObject =>
  Type.Object({
    ...own.properties,
    ...HttpProcessSchema.properties,
    ...DrainSchema.properties,
    ...StartSchema.properties,
  })
