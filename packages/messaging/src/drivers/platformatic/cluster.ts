import {
  FindCoordinatorKeyTypes,
  findCoordinatorV4,
  metadataV12,
  protocolErrorsCodesById,
  type API,
  type ConnectionOptions,
} from '@platformatic/kafka'
import { readBrokers, REQUEST_TIMEOUT_MS, type KafkaClientOptions } from '../kafka/client-options.ts'
import { KafkaError } from '../kafka/kafka-error.ts'
import { toConnectionOptions } from './client-config.ts'
import { Link, type BrokerAddress } from './link.ts'
import { readMetadata, type ClusterMetadata, type TopicMetadata } from './metadata.ts'

const METADATA_MAX_AGE_MS = 60_000

/** A broker answers the requests of one connection in turn: those of a group must not wait behind a fetch that waits for records. */
type Purpose = 'records' | 'group'

/** The brokers, who leads what, and the links to them, which are made when they are needed. */
export class Cluster {
  readonly requestTimeoutMs: number
  readonly #seeds: readonly BrokerAddress[]
  readonly #clientId: string
  readonly #connectionOptions: ConnectionOptions
  readonly #links = new Map<string, Link>()
  readonly #coordinators = new Map<string, BrokerAddress>()
  /** Topics that were asked for. */
  readonly #names = new Set<string>()
  #metadata: ClusterMetadata = { brokers: new Map(), topics: new Map() }
  #loadedAtMs = Number.NEGATIVE_INFINITY
  #loading: Promise<void> | undefined
  #shift: number
  #isClosed = false

  /** @throws EventLogUseError naming the broker that is none. */
  constructor(options: KafkaClientOptions) {
    this.#seeds = readBrokers(options.brokers)
    this.#shift = Math.floor(Math.random() * this.#seeds.length)
    this.#clientId = options.clientId ?? 'rapport'
    this.requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
    this.#connectionOptions = toConnectionOptions(options)
  }

  /** The broker of each partition, -1 where there is none. */
  async leaders(topic: string): Promise<readonly number[]> {
    if (!this.#names.has(topic)) {
      this.#names.add(topic)
      // One that is under way does not ask for it.
      await this.#loading?.catch(() => undefined)
    }
    if (!this.#isFresh(topic)) await this.refresh()
    const { errorCode, leaders } = this.#metadata.topics.get(topic) ?? UNKNOWN_TOPIC
    if (errorCode === 0) return leaders
    this.#names.delete(topic)
    throw new KafkaError(
      protocolErrorsCodesById[errorCode] ?? 'UNKNOWN_SERVER_ERROR',
      `no topic "${topic}" in the cluster`,
    )
  }

  /** Ids of the brokers. */
  async brokers(): Promise<readonly number[]> {
    if (this.#metadata.brokers.size === 0) await this.refresh()
    return [...this.#metadata.brokers.keys()]
  }

  /** Asks anew who leads what, and forgets who coordinates the groups. */
  refresh(): Promise<void> {
    this.#coordinators.clear()
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    return this.#loading
  }

  /** @throws KafkaError */
  toBroker<Arguments extends unknown[], Answer>(
    id: number,
    api: API<Arguments, Answer>,
    args: Arguments,
  ): Promise<Answer> {
    const broker = this.#metadata.brokers.get(id)
    if (broker === undefined) return Promise.reject(new KafkaError('CONNECTION', `no broker ${id} is known`))
    return this.#request(broker, 'records', api, args)
  }

  /** Asks one broker after the other until one can be reached. @throws KafkaError */
  async toAny<Arguments extends unknown[], Answer>(api: API<Arguments, Answer>, args: Arguments): Promise<Answer> {
    const untilMs = performance.now() + this.requestTimeoutMs
    for (const broker of this.#candidates()) {
      try {
        return await this.#request(broker, 'records', api, args)
      } catch (error) {
        const isAway = error instanceof KafkaError && ['CONNECTION', 'REQUEST_TIMEOUT'].includes(error.type)
        if (isAway) this.#shift += 1
        if (!isAway || error.type !== 'CONNECTION' || performance.now() > untilMs) throw error
        this.#unreachable = error
      }
    }
    throw this.#unreachable
  }
  #unreachable = new KafkaError('CONNECTION', 'no broker can be reached')

  /** @throws KafkaError */
  async toCoordinator<Arguments extends unknown[], Answer>(
    group: string,
    request: { readonly api: API<Arguments, Answer>; readonly args: Arguments; readonly timeoutMs?: number },
  ): Promise<Answer> {
    try {
      const broker = this.#coordinators.get(group) ?? (await this.#findCoordinator(group))
      return await this.#request(broker, 'group', request.api, request.args, request.timeoutMs)
    } catch (error) {
      if (!(error instanceof KafkaError) || !MEMBERSHIP_ANSWERS.has(error.type)) this.#coordinators.delete(group)
      throw error
    }
  }

  /** Ends at once what is under way. */
  close(): void {
    this.#isClosed = true
    for (const link of this.#links.values()) link.cut('the client is closed')
    this.#links.clear()
  }

  #isFresh(topic: string): boolean {
    return this.#metadata.topics.has(topic) && performance.now() - this.#loadedAtMs < METADATA_MAX_AGE_MS
  }

  async #load(): Promise<void> {
    const names = [...this.#names]
    this.#metadata = await readMetadata(() => this.toAny(metadataV12.api, [names, false, false]))
    this.#loadedAtMs = performance.now()
  }

  async #findCoordinator(group: string): Promise<BrokerAddress> {
    const { coordinators } = await this.toAny(findCoordinatorV4.api, [FindCoordinatorKeyTypes.GROUP, [group]])
    const [found] = coordinators
    if (found === undefined) throw new KafkaError('COORDINATOR_NOT_AVAILABLE', `none for group "${group}"`)
    this.#coordinators.set(group, found)
    return found
  }

  /** Those that are known and those that were named; each failure begins with another. */
  #candidates(): readonly BrokerAddress[] {
    const all = [...this.#metadata.brokers.values(), ...this.#seeds]
    const distinct = [...new Map(all.map((broker) => [nameOf(broker), broker])).values()]
    const shift = this.#shift % distinct.length
    return [...distinct.slice(shift), ...distinct.slice(0, shift)]
  }

  // oxlint-disable-next-line max-params
  async #request<Arguments extends unknown[], Answer>(
    broker: BrokerAddress,
    purpose: Purpose,
    api: API<Arguments, Answer>,
    args: Arguments,
    timeoutMs = this.requestTimeoutMs,
  ): Promise<Answer> {
    if (this.#isClosed) throw new KafkaError('CLOSED', 'the client is closed')
    const name = `${purpose} ${nameOf(broker)}`
    let link = this.#links.get(name)
    if (link?.isOpen !== true) {
      link = new Link(broker, this.#clientId, this.#connectionOptions)
      this.#links.set(name, link)
    }
    return link.request(api, args, timeoutMs)
  }
}

/** The coordinator is the right one; it is the member that is not. */
const MEMBERSHIP_ANSWERS = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'MEMBER_ID_REQUIRED',
])
const UNKNOWN_TOPIC: TopicMetadata = { errorCode: 3, leaders: [], replication: 0 }

const nameOf = ({ host, port }: BrokerAddress): string => `${host}:${port}`
