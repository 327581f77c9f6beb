import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readEndpoints, type Environment } from '../endpoints.ts'
import { startBroker } from '../kafka/kafka.ts'
import { kafkaVariables, redisVariables, s3Variables, type ServerKind } from '../native.ts'
import { obtainKafka } from '../obtain/kafka-jars.ts'
import { obtainRedis } from '../obtain/redis-server.ts'
import { obtainVersitygw } from '../obtain/versitygw.ts'
import { freePorts } from '../process/free-ports.ts'
import { processState } from '../process/process-state.ts'
import { onFreePorts, type ServerProcess } from '../process/server-process.ts'
import { startAll } from '../process/start-all.ts'
import { startRedisAt } from '../redis/redis.ts'
import { startS3At } from '../s3/s3.ts'
import { chooseRoad, wantedServers, type Road } from '../servers.ts'
import { developerFolder, writeState, type RunningServer, type State } from './state.ts'

type Variables = Readonly<Record<string, string>>

interface Up extends AsyncDisposable {
  readonly kind: ServerKind
  readonly variables: Variables
  /** Lets it go on after this process and says how it is found again. */
  readonly release: () => Promise<Omit<RunningServer, 'kind'>>
}

/** Starts the servers that the environment does not name, so that they go on after this process. */
export async function up(environment: Environment): Promise<State> {
  const wanted = wantedServers(environment)
  const road = await chooseRoad(environment, wanted)
  const { started } = await startAll(wanted.map((kind) => () => start(road, kind)))
  const servers = await Promise.all(started.map(async ({ kind, release }) => ({ kind, ...(await release()) })))
  const given = Object.values(readEndpoints(environment))
  const variables: Variables = Object.assign({}, ...given, ...started.map((server) => server.variables))
  const state = { road: road.kind, variables, servers }
  await writeState(state)
  return state
}

async function start(road: Road, kind: ServerKind): Promise<Up> {
  if (road.kind === 'native') return startNative[kind]()
  const { startContainer } = await import('../docker/containers.ts')
  const container = await startContainer[kind]({ outlivesUs: true })
  return {
    kind,
    variables: container.variables,
    release: async () => ({ containerId: container.containerId }),
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  }
}

const startNative: Readonly<Record<ServerKind, () => Promise<Up>>> = {
  kafka: async () => {
    const files = await obtainKafka()
    return onFreePorts(async () => {
      const [clients = 0, controller = 0] = await freePorts(2)
      const ports = [{ clients, controller }]
      const folder = await folderOf('kafka')
      const server = await startBroker({ files, index: 0, ports, folder, ownsFolder: true, properties: {} })
      return native('kafka', server, kafkaVariables({ brokers: [`127.0.0.1:${clients}`] }))
    })
  },
  redis: async () => {
    await obtainRedis()
    return onFreePorts(async () => {
      const [port = 0] = await freePorts(1)
      const redis = await startRedisAt({ port, folder: await folderOf('redis'), ownsFolder: true, config: [] })
      return native('redis', redis.server, redisVariables(redis))
    })
  },
  s3: async () => {
    const program = await obtainVersitygw()
    return onFreePorts(async () => {
      const [port = 0] = await freePorts(1)
      const s3 = await startS3At({ program, port, folder: await folderOf('s3'), ownsFolder: true })
      return native('s3', s3.server, s3Variables(s3))
    })
  },
}

async function folderOf(kind: ServerKind): Promise<string> {
  const folder = join(developerFolder(), 'data', kind)
  await mkdir(folder, { recursive: true })
  return folder
}

function native(kind: ServerKind, server: ServerProcess, variables: Variables): Up {
  return {
    kind,
    variables,
    release: async () => {
      const { pid } = server
      const startedAt = (await processState(pid))?.startedAt ?? ''
      server.release()
      return { process: { pid, startedAt } }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
