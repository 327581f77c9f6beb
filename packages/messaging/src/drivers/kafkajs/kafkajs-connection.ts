import { CompressionTypes, Kafka, type KafkaConfig } from 'kafkajs'
import type {
  FetchedPartition,
  FetchLimits,
  FetchPosition,
  JoinedGroup,
  JoinRequest,
  KafkaConnection,
  Membership,
  OffsetToCommit,
  ProduceBatch,
  ProducerIdentity,
} from '../kafka/connection.ts'
import { KafkaError } from '../kafka/kafka-error.ts'
import { clusterOf, type Broker, type Cluster, type FetchResponse, type ProduceResponse } from './cluster.ts'
import { registerCodecs } from './codecs.ts'
import { toFetchedPartition } from './fetched.ts'
import { fromKafkaJs } from './kafkajs-error.ts'
import { REQUEST_TIMEOUT_MS, type KafkaClientOptions } from '../kafka/client-options.ts'
import { toKafkaConfig } from './kafka-config.ts'
import { Sockets } from './sockets.ts'

const METADATA_MAX_AGE_MS = 60_000
const CONSUMER_REPLICA_ID = -1
const READ_COMMITTED = 1
const GROUP_COORDINATOR = 0
const TRANSACTION_TIMEOUT_MS = 60_000

/** A connection to the cluster by kafkajs, which connects by itself when it is needed. */
export class KafkaJsConnection implements KafkaConnection {
  readonly #options: KafkaClientOptions
  readonly #config: KafkaConfig
  readonly #topics = new Set<string>()
  readonly #coordinators = new Map<string, Promise<Broker>>()
  #sockets = new Sockets()
  #cluster: Promise<Cluster> | undefined
  #seedShift: number
  #closed = false

  constructor(options: KafkaClientOptions) {
    registerCodecs()
    this.#options = options
    this.#config = toKafkaConfig(options)
    this.#seedShift = Math.floor(Math.random() * options.brokers.length)
  }

  leaders(topic: string): Promise<readonly number[]> {
    return this.#attempt(async (cluster) => {
      if (!this.#topics.has(topic)) {
        await cluster.addTargetTopic(topic)
        this.#topics.add(topic)
      }
      await cluster.refreshMetadataIfNecessary()
      const partitions = cluster.findTopicPartitionMetadata(topic)
      if (partitions.length === 0)
        throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `no topic "${topic}" in the cluster`)
      const leaders: number[] = []
      for (const { partitionId, leader } of partitions) leaders[partitionId] = leader
      return leaders
    })
  }

  async refresh(): Promise<void> {
    this.#coordinators.clear()
    try {
      await this.#attempt((cluster) => cluster.refreshMetadata())
    } catch (error) {
      this.#abandon('the cluster does not answer')
      throw error
    }
  }

  fetch(
    leader: number,
    positions: readonly FetchPosition[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    return this.#toBroker(leader, async (broker) => {
      const response = (await broker.fetch({
        isolationLevel: READ_COMMITTED,
        maxWaitTime: limits.maxWaitMs,
        minBytes: 1,
        maxBytes: limits.maxBytes,
        topics: byTopic(positions, ({ partition, offset }) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: limits.maxBytesPerPartition,
        })),
      })) as FetchResponse
      const offsets = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
      return response.responses.flatMap(({ topicName, partitions }) =>
        partitions.map((data) =>
          toFetchedPartition(
            topicName,
            data,
            offsets.get(`${topicName}/${data.partition}`) ?? Number.POSITIVE_INFINITY,
          ),
        ),
      )
    })
  }

  newProducerIdentity(): Promise<ProducerIdentity> {
    return this.#attempt(async (cluster) => {
      await cluster.refreshMetadataIfNecessary()
      const [nodeId] = cluster.getNodeIds()
      const broker = await cluster.findBroker({ nodeId: String(nodeId) })
      const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: TRANSACTION_TIMEOUT_MS })
      return { id: producerId, epoch: producerEpoch }
    })
  }

  produce(leader: number, identity: ProducerIdentity, batches: readonly ProduceBatch[]): Promise<readonly number[]> {
    const { compression = 'gzip', requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.#options
    return this.#toBroker(leader, async (broker) => {
      const response = (await broker.produce({
        acks: -1,
        timeout: requestTimeoutMs,
        compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
        // A 64-bit number; kafkajs takes and gives it as text, whatever its types say.
        producerId: identity.id as unknown as number,
        producerEpoch: identity.epoch,
        topicData: byTopic(batches, ({ partition, firstSequence, records }) => ({
          partition,
          firstSequence,
          messages: records.map(({ key, value, headers }) => ({
            key: asBuffer(key),
            value: value === null ? null : asBuffer(value),
            ...(headers === undefined ? {} : { headers }),
          })),
        })),
      })) as ProduceResponse
      const offsets = new Map(
        response.topics.flatMap(({ topicName, partitions }) =>
          partitions.map(({ partition, baseOffset }) => [`${topicName}/${partition}`, Number(baseOffset)] as const),
        ),
      )
      return batches.map(({ topic, partition }) => offsets.get(`${topic}/${partition}`) ?? -1)
    })
  }

  offsetsAt(topic: string, partitions: readonly number[], time: number): Promise<ReadonlyMap<number, number>> {
    return this.#attempt(async (cluster) => {
      await this.leaders(topic)
      const byLeader = Object.entries(cluster.findLeaderForPartitions(topic, [...partitions]))
      const answers = await Promise.all(
        byLeader.map(async ([nodeId, led]) => {
          const broker = await cluster.findBroker({ nodeId })
          return broker.listOffsets({
            replicaId: CONSUMER_REPLICA_ID,
            isolationLevel: READ_COMMITTED,
            topics: [{ topic, partitions: led.map((partition) => ({ partition, timestamp: Math.floor(time) })) }],
          })
        }),
      )
      const found = answers.flatMap(({ responses }) => responses.flatMap((response) => response.partitions))
      return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
    })
  }

  joinGroup(request: JoinRequest): Promise<JoinedGroup> {
    return this.#toCoordinator(request.group, async (broker) => {
      const joined = await broker.joinGroup({
        groupId: request.group,
        memberId: request.memberId,
        sessionTimeout: request.sessionTimeoutMs,
        rebalanceTimeout: request.rebalanceTimeoutMs,
        groupProtocols: [{ name: request.protocol, metadata: request.metadata }],
      })
      const members = joined.members.map(({ memberId, memberMetadata }) => ({ memberId, metadata: memberMetadata }))
      return { generation: joined.generationId, memberId: joined.memberId, leaderId: joined.leaderId, members }
    })
  }

  syncGroup(membership: Membership, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer> {
    return this.#toCoordinator(membership.group, async (broker) => {
      const { memberAssignment } = await broker.syncGroup({
        groupId: membership.group,
        generationId: membership.generation,
        memberId: membership.memberId,
        groupAssignment: [...assignments].map(([memberId, memberAssignment]) => ({ memberId, memberAssignment })),
      })
      return memberAssignment
    })
  }

  heartbeat({ group, memberId, generation }: Membership): Promise<void> {
    return this.#toCoordinator(group, async (broker) => {
      await broker.heartbeat({ groupId: group, memberId, groupGenerationId: generation })
    })
  }

  leaveGroup(group: string, memberId: string): Promise<void> {
    return this.#toCoordinator(group, (broker) => broker.leaveGroup({ groupId: group, memberId }))
  }

  commitOffsets({ group, memberId, generation }: Membership, offsets: readonly OffsetToCommit[]): Promise<void> {
    return this.#toCoordinator(group, async (broker) => {
      const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({
        partition,
        offset: String(offset),
        metadata,
      }))
      await broker.offsetCommit({ groupId: group, memberId, groupGenerationId: generation, topics })
    })
  }

  committedOffsets(group: string, topic: string, partitions: readonly number[]) {
    return this.#toCoordinator(group, async (broker) => {
      const asked = { topic, partitions: partitions.map((partition) => ({ partition, offset: '-1' })) }
      const { responses } = await broker.offsetFetch({ groupId: group, topics: [asked] })
      const found = responses.flatMap((response) => response.partitions) as {
        partition: number
        offset: string
        metadata?: string | null
      }[]
      return found.map(({ partition, offset, metadata }) => ({
        partition,
        offset: Number(offset),
        metadata: metadata ?? '',
      }))
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#abandon('the client is closed')
  }

  #toBroker<T>(nodeId: number, request: (broker: Broker) => Promise<T>): Promise<T> {
    return this.#attempt(async (cluster) => request(await cluster.findBroker({ nodeId: String(nodeId) })))
  }

  async #toCoordinator<T>(group: string, request: (broker: Broker) => Promise<T>): Promise<T> {
    try {
      return await this.#attempt(async (cluster) => {
        let coordinator = this.#coordinators.get(group)
        if (coordinator === undefined) {
          coordinator = findCoordinator(cluster, group)
          this.#coordinators.set(group, coordinator)
        }
        const broker = await coordinator
        if (!broker.isConnected()) await broker.connect()
        return request(broker)
      })
    } catch (error) {
      if (!(error instanceof KafkaError) || !MEMBERSHIP_ANSWERS.has(error.type)) this.#coordinators.delete(group)
      throw error
    }
  }

  async #attempt<T>(request: (cluster: Cluster) => Promise<T>): Promise<T> {
    const sockets = this.#sockets
    try {
      return await request(await this.#connected())
    } catch (error) {
      const failure = fromKafkaJs(error)
      // An answer that has not come in time may never come, and what is sent after it would wait behind it.
      if (failure.type === 'REQUEST_TIMEOUT' && sockets === this.#sockets) this.#abandon('a request was not answered')
      throw failure
    }
  }

  #connected(): Promise<Cluster> {
    if (this.#closed) throw new KafkaError('CLOSED', 'the client is closed')
    this.#cluster ??= this.#connect(this.#sockets)
    return this.#cluster
  }

  async #connect(sockets: Sockets): Promise<Cluster> {
    // Each attempt begins with another broker of the list.
    const { brokers } = this.#options
    const shift = this.#seedShift++ % brokers.length
    const order = [...brokers.slice(shift), ...brokers.slice(0, shift)]
    const cluster = clusterOf(
      new Kafka({ ...this.#config, brokers: order, socketFactory: sockets.create }),
      METADATA_MAX_AGE_MS,
    )
    try {
      await cluster.connect()
      await cluster.addMultipleTargetTopics([...this.#topics])
      return cluster
    } catch (error) {
      if (sockets === this.#sockets) this.#abandon('connecting failed')
      throw error
    }
  }

  /** The next request connects anew. */
  #abandon(reason: string): void {
    const sockets = this.#sockets
    this.#sockets = new Sockets()
    this.#cluster = undefined
    this.#coordinators.clear()
    sockets.cut(reason)
  }
}

/** kafkajs asks all brokers and keeps to itself what they have answered. */
async function findCoordinator(cluster: Cluster, group: string): Promise<Broker> {
  try {
    return await cluster.findGroupCoordinator({ groupId: group })
  } catch (error) {
    for (const nodeId of cluster.getNodeIds()) {
      try {
        const broker = await cluster.findBroker({ nodeId: String(nodeId) })
        await broker.findGroupCoordinator({ groupId: group, coordinatorType: GROUP_COORDINATOR })
        break
      } catch (reason) {
        const failure = fromKafkaJs(reason)
        if (failure.type !== 'CONNECTION' && failure.type !== 'REQUEST_TIMEOUT') throw failure
      }
    }
    throw error
  }
}

/** The coordinator is the right one; it is the member that is not. */
const MEMBERSHIP_ANSWERS = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'])

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function byTopic<T extends { readonly topic: string }, P>(
  items: readonly T[],
  toPartition: (item: T) => P,
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const item of items) {
    const partitions = topics.get(item.topic)
    if (partitions === undefined) topics.set(item.topic, [toPartition(item)])
    else partitions.push(toPartition(item))
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
