import { readEndpoints, type Environment } from './endpoints.ts'
import { assertNothingMissing, startNative, type ServerKind } from './native.ts'
import { startAll } from './process/start-all.ts'

/** Kafka, Redis and S3 for a run of tests. */
export interface Servers extends AsyncDisposable {
  /** Every variable of the three endpoints. */
  readonly variables: Readonly<Record<string, string>>
}

type Started = AsyncDisposable & { readonly variables: Readonly<Record<string, string>> }

const kinds: readonly ServerKind[] = ['kafka', 'redis', 's3']

/** The servers that the environment names, as they are, and the others started. Disposing stops only what was started. */
export async function startServers(environment: Environment): Promise<Servers> {
  const given = readEndpoints(environment)
  const wanted = kinds.filter((kind) => given[kind] === undefined)
  await assertNothingMissing(wanted)
  const servers = await startAll<Started>(wanted.map((kind) => startNative[kind]))
  const variables = Object.assign({}, ...Object.values(given), ...servers.started.map((server) => server.variables))
  return { variables, [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() }
}
