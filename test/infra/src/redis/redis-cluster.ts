import { freePorts } from '../process/free-ports.ts'
import { onFreePorts, type ServerProcess } from '../process/server-process.ts'
import { startAll } from '../process/start-all.ts'
import { until } from '../process/until.ts'
import { redisCommand } from './command.ts'
import { roadOfRedis, startRedis, startRedisAt, type Redis, type RedisOptions } from './redis.ts'

const slots = 16_384
const formingTimeoutMs = 30_000

export interface RedisClusterOptions extends Omit<RedisOptions, 'folder'> {
  /** Nodes that hold keys; 3 unless said otherwise. */
  readonly nodes?: number
  /** Each of them gets one that copies it and takes over when it fails. Default: none has. */
  readonly replicas?: boolean
}

export interface RedisCluster extends AsyncDisposable {
  readonly ports: readonly number[]
  /** Each node's address, by its index; any of them leads a client to all. */
  readonly urls: readonly string[]
  readonly servers: readonly ServerProcess[]
  /** By the index of the node that each copies; none unless asked for. */
  readonly replicas: readonly Redis[]
}

/**
 * Starts a Redis Cluster, the slots shared out evenly; ready when every node sees all slots served, and every replica holds
 * what its node does.
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { nodes: masters = 3, replicas = false, config = [] } = options
  const count = replicas ? 2 * masters : masters
  const road = await roadOfRedis(options)
  return onFreePorts(async () => {
    const numbers = await freePorts(count * 2)
    const ports = numbers.slice(0, count)
    const busPorts = numbers.slice(count)
    const nodes = await startAll(
      ports.map((port, index) => async () => {
        // Nodes find each other by a port of their own, by default 10,000 above the clients'.
        const cluster = ['cluster-enabled yes', `cluster-port ${busPorts[index]}`, 'cluster-node-timeout 2000']
        return startRedisAt({ road, port, config: [...cluster, ...config] })
      }),
    )
    try {
      await form(ports, { busPorts, masters })
    } catch (error) {
      await nodes[Symbol.asyncDispose]()
      throw error
    }
    const started = nodes.started.slice(0, masters)
    return {
      ports: ports.slice(0, masters),
      urls: started.map(({ url }) => url),
      servers: started.map(({ server }) => server),
      replicas: nodes.started.slice(masters),
      [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
    }
  })
}

interface Shape {
  readonly busPorts: readonly number[]
  readonly masters: number
}

async function form(ports: readonly number[], { busPorts, masters }: Shape): Promise<void> {
  const [first = 0, ...others] = ports
  for (const [index, port] of ports.entries()) {
    // Two nodes of one epoch would have to settle first whose word counts.
    await mustAgree(port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
    if (index >= masters) continue
    const from = Math.floor((slots * index) / masters)
    const to = Math.floor((slots * (index + 1)) / masters) - 1
    await mustAgree(port, 'CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`)
  }
  for (const [index, port] of others.entries())
    await mustAgree(first, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${busPorts[index + 1]}`)
  const formed = await until(() => allSee(ports), { withinMs: formingTimeoutMs })
  if (!formed) throw new Error(`The Redis Cluster did not form within ${formingTimeoutMs / 1000} s.`)
  const replicas = ports.slice(masters)
  for (const [index, port] of replicas.entries()) {
    const master = await redisCommand(ports[index] ?? 0, 'CLUSTER', 'MYID')
    await mustAgree(port, 'CLUSTER', 'REPLICATE', master)
  }
  const linked = await until(() => areLinked(ports, replicas), { withinMs: formingTimeoutMs })
  if (!linked) throw new Error(`The replicas did not catch up within ${formingTimeoutMs / 1000} s.`)
}

/** Also for whoever would have to vote for them: every node must know whose replicas they are. */
async function areLinked(ports: readonly number[], replicas: readonly number[]): Promise<boolean> {
  const roles = await Promise.all(replicas.map((port) => redisCommand(port, 'INFO', 'replication')))
  const views = await Promise.all(ports.map((port) => redisCommand(port, 'CLUSTER', 'NODES')))
  const seen = views.every((view) => (view.match(/^\S+ \S+ (?:myself,)?slave /gm) ?? []).length === replicas.length)
  return seen && roles.every((role) => role.includes('master_link_status:up'))
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
  const replica = await startRedis({
    ...options,
    config: [`replicaof 127.0.0.1 ${primary.port}`, ...(options.config ?? [])],
  })
  const linked = async (): Promise<boolean> =>
    (await redisCommand(replica.port, 'INFO', 'replication')).includes('master_link_status:up')
  if (await until(linked, { withinMs: 20_000 })) return replica
  await replica[Symbol.asyncDispose]()
  throw new Error('The Redis replica did not catch up with its primary within 20 s.')
}
