import { freePorts } from '../process/free-ports.ts'
import { obtainRedis } from '../obtain/redis-server.ts'
import { serverFolder } from '../process/server-folder.ts'
import { onFreePorts, type ServerProcess } from '../process/server-process.ts'
import { startAll } from '../process/start-all.ts'
import { until } from '../process/until.ts'
import { redisCommand } from './command.ts'
import { startRedis, startRedisAt, type Redis, type RedisOptions } from './redis.ts'

const slots = 16_384
const formingTimeoutMs = 30_000

export interface RedisClusterOptions extends RedisOptions {
  /** Nodes that hold keys; 3 unless said otherwise. */
  readonly nodes?: number
}

export interface RedisCluster extends AsyncDisposable {
  readonly ports: readonly number[]
  /** Each node's address, by its index; any of them leads a client to all. */
  readonly urls: readonly string[]
  readonly servers: readonly ServerProcess[]
}

/** Starts a Redis Cluster without replicas, the slots shared out evenly; ready when every node sees all slots served. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { nodes: count = 3, config = [] } = options
  await obtainRedis()
  return onFreePorts(async () => {
    const numbers = await freePorts(count * 2)
    const ports = numbers.slice(0, count)
    const busPorts = numbers.slice(count)
    const nodes = await startAll(
      ports.map((port, index) => async () => {
        // Nodes find each other by a port of their own, by default 10,000 above the clients'.
        const cluster = ['cluster-enabled yes', `cluster-port ${busPorts[index]}`, 'cluster-node-timeout 2000']
        const folder = await serverFolder('redis')
        return startRedisAt({ port, folder, ownsFolder: true, config: [...cluster, ...config] })
      }),
    )
    try {
      await form(ports, busPorts)
    } catch (error) {
      await nodes[Symbol.asyncDispose]()
      throw error
    }
    return {
      ports,
      urls: nodes.started.map(({ url }) => url),
      servers: nodes.started.map(({ server }) => server),
      [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
    }
  })
}

async function form(ports: readonly number[], busPorts: readonly number[]): Promise<void> {
  const [first = 0, ...others] = ports
  for (const [index, port] of ports.entries()) {
    const from = Math.floor((slots * index) / ports.length)
    const to = Math.floor((slots * (index + 1)) / ports.length) - 1
    await mustAgree(port, 'CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`)
    // Two nodes of one epoch would have to settle first whose word counts.
    await mustAgree(port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
  }
  for (const [index, port] of others.entries())
    await mustAgree(first, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${busPorts[index + 1]}`)
  const formed = await until(() => allSee(ports), { withinMs: formingTimeoutMs })
  if (!formed) throw new Error(`The Redis Cluster did not form within ${formingTimeoutMs / 1000} s.`)
}

async function allSee(ports: readonly number[]): Promise<boolean> {
  const views = await Promise.all(ports.map((port) => redisCommand(port, 'CLUSTER', 'INFO')))
  return views.every((v) => v.includes('cluster_state:ok') && v.includes(`cluster_known_nodes:${ports.length}\r`))
}

async function mustAgree(port: number, ...words: readonly string[]): Promise<void> {
  const answer = await redisCommand(port, ...words)
  if (answer !== 'OK') throw new Error(`Redis answered ${words.join(' ')} with ${answer}`)
}

/** Starts a replica of a Redis that runs without a password; ready when it holds all that its primary holds. */
export async function startRedisReplica(primary: Pick<Redis, 'port'>, options: RedisOptions = {}): Promise<Redis> {
  const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${primary.port}`, ...(options.config ?? [])] })
  const linked = async (): Promise<boolean> =>
    (await redisCommand(replica.port, 'INFO', 'replication')).includes('master_link_status:up')
  if (await until(linked, { withinMs: 20_000 })) return replica
  await replica[Symbol.asyncDispose]()
  throw new Error('The Redis replica did not catch up with its primary within 20 s.')
}
