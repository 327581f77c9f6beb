import { removeOrphans } from './docker/owner.ts'
import { readEndpoints, type Endpoints, type Environment, type ServerKind } from './endpoints.ts'
import { startKafka } from './kafka/kafka.ts'
import type { ServerProcess } from './process/server-process.ts'
import { startAll } from './process/start-all.ts'
import { startRedis } from './redis/redis.ts'
import { chooseRoad, type Placement } from './road.ts'
import { startS3 } from './s3/s3.ts'

/** Kafka, Redis and S3 for a run of tests. */
export interface Servers extends AsyncDisposable {
  /** Every variable of the three endpoints. */
  readonly variables: Readonly<Record<string, string>>
}

/** One server, and the variables that lead to it. */
export interface Started<Kind extends ServerKind = ServerKind> extends AsyncDisposable {
  readonly kind: Kind
  readonly variables: Endpoints[Kind]
  readonly server: ServerProcess
}

const kinds: readonly ServerKind[] = ['kafka', 'redis', 's3']

/**
 * The servers that the environment names, as they are, and the others started. Disposing stops only what was started.
 * @throws MissingPiecesError when the machine has neither a container engine with the images nor what the servers need.
 */
export async function startServers(environment: Environment): Promise<Servers> {
  const given = readEndpoints(environment)
  const wanted = wantedServers(environment)
  const road = await chooseRoad(environment, wanted)
  if (road.kind === 'docker') await removeOrphans(road.engine)
  const servers = await startAll<Started>(wanted.map((kind) => () => startServer[kind]({ road })))
  const variables = Object.assign({}, ...Object.values(given), ...servers.started.map((server) => server.variables))
  return { variables, [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() }
}

/** The servers that the environment does not name. */
export function wantedServers(environment: Environment): ServerKind[] {
  const given = readEndpoints(environment)
  return kinds.filter((kind) => given[kind] === undefined)
}

/** Starts one server of a kind. */
export const startServer: { readonly [Kind in ServerKind]: (placement: Placement) => Promise<Started<Kind>> } = {
  kafka: async (placement) => {
    const { server, brokers } = await startKafka(placement)
    return started('kafka', server, { RAPPORT_KAFKA_BROKERS: brokers.join(',') })
  },
  redis: async (placement) => {
    const { server, url } = await startRedis(placement)
    return started('redis', server, { RAPPORT_REDIS_URL: url })
  },
  s3: async (placement) => {
    const { server, endpoint, region, accessKeyId, secretAccessKey } = await startS3(placement)
    return started('s3', server, {
      RAPPORT_S3_ENDPOINT: endpoint,
      RAPPORT_S3_REGION: region,
      RAPPORT_S3_ACCESS_KEY_ID: accessKeyId,
      RAPPORT_S3_SECRET_ACCESS_KEY: secretAccessKey,
    })
  },
}

function started<Kind extends ServerKind>(
  kind: Kind,
  server: ServerProcess,
  variables: Endpoints[Kind],
): Started<Kind> {
  return { kind, server, variables, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
