import { connectEngine, missingImages, type Engine } from './docker/engine.ts'
import { removeOrphans } from './docker/owner.ts'
import { readEndpoints, type Environment } from './endpoints.ts'
import { assertNothingMissing, startNative, type ServerKind } from './native.ts'
import { startAll } from './process/start-all.ts'

/** Kafka, Redis and S3 for a run of tests. */
export interface Servers extends AsyncDisposable {
  /** Every variable of the three endpoints. */
  readonly variables: Readonly<Record<string, string>>
}

type Started = AsyncDisposable & { readonly variables: Readonly<Record<string, string>> }

/** How servers that the environment does not name are started. */
export type Road = { readonly kind: 'docker'; readonly engine: Engine } | { readonly kind: 'native' }

const kinds: readonly ServerKind[] = ['kafka', 'redis', 's3']

/**
 * The servers that the environment names, as they are, and the others started. Disposing stops only what was started.
 * @throws MissingPiecesError when the machine has neither a container engine with the images nor what the servers need.
 */
export async function startServers(environment: Environment): Promise<Servers> {
  const given = readEndpoints(environment)
  const wanted = wantedServers(environment)
  const servers = await startAll<Started>(await starts(await chooseRoad(environment, wanted), wanted))
  const variables = Object.assign({}, ...Object.values(given), ...servers.started.map((server) => server.variables))
  return { variables, [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() }
}

/** The servers that the environment does not name. */
export function wantedServers(environment: Environment): ServerKind[] {
  const given = readEndpoints(environment)
  return kinds.filter((kind) => given[kind] === undefined)
}

/**
 * Containers where an engine answers and has the images, processes otherwise; RAPPORT_INFRA=docker|native insists.
 * @throws Error when what is insisted on cannot be had.
 */
export async function chooseRoad(environment: Environment, wanted: readonly ServerKind[]): Promise<Road> {
  const choice = environment['RAPPORT_INFRA'] ?? 'auto'
  if (!['auto', 'docker', 'native'].includes(choice))
    throw new Error(`RAPPORT_INFRA is '${choice}'; it may be docker, native or auto.`)
  if (wanted.length > 0 && choice !== 'native') {
    const engine = await connectEngine(environment)
    const missing = engine === undefined ? [] : await missingImages(engine, wanted)
    if (engine !== undefined && missing.length === 0) return { kind: 'docker', engine }
    if (choice === 'docker')
      throw new Error(
        engine === undefined
          ? 'RAPPORT_INFRA is docker, but no container engine answers (DOCKER_HOST or the default socket).'
          : `RAPPORT_INFRA is docker, but the engine lacks ${missing.join(', ')}: npm run infra images`,
      )
  }
  await assertNothingMissing(wanted)
  return { kind: 'native' }
}

async function starts(road: Road, wanted: readonly ServerKind[]): Promise<(() => Promise<Started>)[]> {
  if (road.kind === 'native') return wanted.map((kind) => startNative[kind])
  await removeOrphans(road.engine)
  const { startContainer } = await import('./docker/containers.ts')
  return wanted.map((kind) => () => startContainer[kind]())
}
