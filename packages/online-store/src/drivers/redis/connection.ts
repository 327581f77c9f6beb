import type { Log } from '@rapport/core'
import { Cluster, Pipeline, Redis, type Command } from 'ioredis'
import { once } from 'node:events'
import { StoreUnavailableError } from '../../errors.ts'
import { checkPolicy, readFacts, StoreConfigurationError, type ServerFacts } from './check-server.ts'
import { reconnectDelayMs, type Address, type ConnectionSettings } from './options.ts'
import { sendBatch, type Reply } from './send-batch.ts'
import { ServerAnswerError, toStoreError, withoutCommand } from './server-errors.ts'

/** A connection to one server or to every node of a cluster; it connects again by itself. */
export interface Connection extends AsyncDisposable {
  /** Why no command can go out now. */
  readonly fault: Error | undefined
  /** Another number after each lost connection, and when a server has taken over from another. */
  readonly session: number
  /** Which server a command goes to now; commands of one group may be sent together. */
  groupOf(command: Command): string
  /**
   * Sends commands of one group together; the replies in their order. Where they `stay`, all go to the server that the
   * first goes to now and nowhere else: what has gone to another is refused by that server. Otherwise a cluster's client
   * follows them.
   * @throws StoreUnavailableError when that server is missing.
   */
  send(commands: readonly Command[], way: 'follow' | 'stay'): Promise<readonly Reply[]>
  /** Learns anew which server has what, if it can. */
  refresh(): Promise<void>
  /**
   * The servers that hold all the keys together.
   * @throws StoreUnavailableError when one is missing.
   */
  masters(): readonly Redis[]
  /** Gives up the connection to a server that does not answer: what it owes would pile up. A new one is made. */
  drop(group: string): void
}

type Named = { readonly [Name in keyof Address]?: Address[Name] | undefined }

const nameOf = ({ host, port }: Named): string => `${host}:${port}`

/** Remembers why the connection is lost, and says so once. */
class Faults {
  readonly #log: Log
  readonly #server: string
  last: Error | undefined
  #isLost = false
  #isOver = false

  constructor(log: Log, server: string) {
    this.#log = log
    this.#server = server
  }

  add(error: unknown): void {
    this.last = withoutCommand(error)
    if (this.#isLost || this.#isOver) return
    this.#isLost = true
    this.#log.warn({ server: this.#server, err: this.last }, 'the connection to the online store is lost')
  }

  clear(): void {
    if (this.#isLost) this.#log.info({ server: this.#server }, 'the connection to the online store stands again')
    this.#isLost = false
    this.last = undefined
  }

  /** The connection is given up on purpose. */
  end(): void {
    this.#isOver = true
  }
}

/** Counts the connections that stood and were lost. */
class Sessions {
  ended = 0

  watch(redis: Redis): void {
    let stood = false
    redis.on('ready', () => (stood = true))
    redis.on('close', () => {
      if (stood) this.ended += 1
      stood = false
    })
  }
}

async function end(client: Redis | Cluster): Promise<void> {
  if (client.status === 'end') return
  // Between two tries to connect there is nothing whose end ioredis would tell.
  if (client.status === 'reconnecting') return client.disconnect()
  const ended = once(client, 'end')
  if (client.status === 'ready') await client.quit().catch(() => client.disconnect())
  else client.disconnect()
  await ended
}

class SingleConnection implements Connection {
  readonly #redis: Redis
  readonly #faults: Faults
  readonly #sessions = new Sessions()

  constructor(redis: Redis, faults: Faults) {
    this.#redis = redis
    this.#faults = faults
    this.#sessions.watch(redis)
    redis.on('error', (error) => faults.add(error))
    redis.on('close', () => faults.add(new Error('the connection was closed')))
    redis.on('ready', () => faults.clear())
  }

  get fault(): Error | undefined {
    return this.#redis.status === 'ready' ? undefined : (this.#faults.last ?? new Error('there is no connection'))
  }

  get session(): number {
    return this.#sessions.ended
  }

  groupOf(): string {
    return nameOf(this.#redis.options)
  }

  send(commands: readonly Command[]): Promise<readonly Reply[]> {
    return sendBatch(this.#redis, commands)
  }

  refresh(): Promise<void> {
    return Promise.resolve()
  }

  masters(): readonly Redis[] {
    return [this.#redis]
  }

  drop(): void {
    if (this.#redis.status === 'ready') this.#redis.disconnect(true)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#faults.end()
    return end(this.#redis)
  }
}

class ClusterConnection implements Connection {
  readonly #cluster: Cluster
  readonly #faults: Faults
  readonly #sessions = new Sessions()
  /** By name. */
  #masters: ReadonlySet<string> = new Set()

  constructor(cluster: Cluster, faults: Faults) {
    this.#cluster = cluster
    this.#faults = faults
    cluster.on('+node', (node: Redis) => this.#sessions.watch(node))
    cluster.on('error', (error) => faults.add(error))
    cluster.on('close', () => faults.add(new Error('the connections were closed')))
    cluster.on('ready', () => faults.clear())
    cluster.on('refresh', () => this.#look())
  }

  get fault(): Error | undefined {
    return this.#cluster.status === 'ready' ? undefined : (this.#faults.last ?? new Error('there is no connection'))
  }

  get session(): number {
    return this.#sessions.ended
  }

  groupOf(command: Command): string {
    const servers = this.#cluster.slots[command.getSlot()] ?? []
    const [master] = servers
    // The client may have learnt of it by a single slot, before it knows the rest.
    if (master !== undefined && !this.#masters.has(master)) this.#look()
    return servers.join(';')
  }

  async send(commands: readonly Command[], way: 'follow' | 'stay'): Promise<readonly Reply[]> {
    if (way === 'follow') return this.#follow(commands)
    const master = this.#cluster.slots[commands[0]?.getSlot() ?? -1]?.[0]
    const node = this.#cluster.nodes().find(({ options }) => nameOf(options) === master)
    if (node === undefined) throw new StoreUnavailableError('a part of the cluster cannot be reached')
    return sendBatch(node, commands)
  }

  async #follow(commands: readonly Command[]): Promise<readonly Reply[]> {
    const pipeline = new Pipeline(this.#cluster)
    for (const command of commands) pipeline.sendCommand(command)
    try {
      const results = (await pipeline.exec()) ?? []
      return results.map(([reason, value]) =>
        reason === null ? { status: 'fulfilled', value } : { status: 'rejected', reason },
      )
    } catch (reason) {
      return commands.map(() => ({ status: 'rejected', reason }))
    }
  }

  /** What fails leaves what is known. */
  refresh(): Promise<void> {
    return new Promise((resolve) => this.#cluster.refreshSlotsCache(() => resolve()))
  }

  masters(): readonly Redis[] {
    const nodes = new Map(this.#cluster.nodes().map((node) => [nameOf(node.options), node]))
    const names = new Set(Array.from(this.#cluster.slots, (servers) => servers?.[0]))
    return Array.from(names, (name) => {
      const node = nodes.get(name ?? '')
      if (node === undefined) throw new StoreUnavailableError('a part of the cluster cannot be reached')
      return node
    })
  }

  /**
   * A master that has come or gone may have taken over from another, or to it, without what was replicated last. A slot
   * that goes from one master to another takes its keys along.
   */
  #look(): void {
    const masters = new Set(Array.from(this.#cluster.slots, (servers) => servers?.[0] ?? ''))
    masters.delete('')
    if (this.#masters.size > 0 && this.#masters.symmetricDifference(masters).size > 0) this.#sessions.ended += 1
    this.#masters = masters
  }

  drop(group: string): void {
    const [master] = group.split(';')
    for (const node of this.#cluster.nodes()) if (nameOf(node.options) === master) node.disconnect()
    this.#cluster.refreshSlotsCache()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#faults.end()
    return end(this.#cluster)
  }
}

type PolicyCheck = typeof checkPolicy

/** A refusal of the user lasts until somebody mends it: no start is to be tried again for it. */
function toOpeningError(what: string, error: unknown): Error {
  const failure = toStoreError(what, error)
  const { cause } = failure
  const isRefusal = cause instanceof ServerAnswerError && refusals.has(cause.answer ?? '')
  return isRefusal ? new StoreConfigurationError(failure.message, { cause }) : failure
}

const refusals = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM'])

/** Facts of the first address that answers. */
async function probe({ addresses, redis: options }: ConnectionSettings, check: PolicyCheck): Promise<ServerFacts> {
  let failure: unknown
  for (const address of addresses) {
    const redis = new Redis({ ...options, ...address, retryStrategy: () => null })
    let reason: unknown
    redis.on('error', (error) => (reason = error))
    try {
      await redis.connect()
      // The client goes on with database 0 when it may not choose, and says nothing.
      if (options.db !== undefined && options.db > 0) await redis.select(options.db)
      const facts = await readFacts(redis)
      check(facts, nameOf(address))
      return facts
    } catch (error) {
      failure = toOpeningError(`be reached at ${nameOf(address)}`, reason ?? error)
    } finally {
      redis.disconnect()
    }
  }
  throw failure
}

function createCluster({ addresses, redis, commandTimeoutMs }: ConnectionSettings): Cluster {
  const { enableOfflineQueue: _, db: _none, ...redisOptions } = redis
  return new Cluster(
    addresses.map(({ host, port }) => ({ host, port })),
    {
      redisOptions,
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: reconnectDelayMs,
      slotsRefreshTimeout: commandTimeoutMs,
      slotsRefreshInterval: 2000,
      maxRedirections: 5,
      // What may have been executed is not sent again.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 50,
      retryDelayOnTryAgain: 50,
      // Certificates name hosts, not what they resolve to.
      ...(redis.tls === undefined ? {} : { dnsLookup: (host, callback) => callback(null, host) }),
    },
  )
}

async function open(client: Redis | Cluster, connection: Connection): Promise<Connection> {
  try {
    await client.connect()
    return connection
  } catch (error) {
    const cause = connection.fault ?? error
    await connection[Symbol.asyncDispose]()
    throw toStoreError('be reached', cause)
  }
}

/**
 * Connects to the server, or to the cluster that it belongs to, once the eviction policy of each has been checked.
 * @throws StoreUnavailableError, StoreConfigurationError
 */
export async function connect(
  settings: ConnectionSettings,
  log: Log,
  check: PolicyCheck = checkPolicy,
): Promise<Connection> {
  const { isCluster } = await probe(settings, check)
  const [address] = settings.addresses
  const faults = new Faults(log, nameOf(address))
  if (!isCluster) {
    const redis = new Redis({ ...settings.redis, ...address, retryStrategy: reconnectDelayMs })
    return open(redis, new SingleConnection(redis, faults))
  }
  const cluster = createCluster(settings)
  const connection = await open(cluster, new ClusterConnection(cluster, faults))
  try {
    for (const master of connection.masters()) check(await readFacts(master), nameOf(master.options))
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
  return connection
}
