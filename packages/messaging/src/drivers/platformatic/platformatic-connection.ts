import {
  FetchIsolationLevels,
  heartbeatV4,
  initProducerIdV4,
  joinGroupV7,
  leaveGroupV4,
  listOffsetsV7,
  offsetCommitV8,
  offsetFetchV8,
  syncGroupV5,
} from '@platformatic/kafka'
import type { TopicPartition } from '../../event-log.ts'
import type { KafkaClientOptions } from '../kafka/client-options.ts'
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
import { Cluster } from './cluster.ts'
import { fetchApi } from './fetch-api.ts'
import { toFetchedPartition } from './fetched.ts'
import { AnsweredError } from './platformatic-error.ts'
import { produceApi } from './produce-api.ts'

const TRANSACTION_TIMEOUT_MS = 60_000
const CONSUMER_REPLICA_ID = -1
const NO_SESSION = { id: 0, epoch: -1 }
const NO_EPOCH = -1
const PROTOCOL_TYPE = 'consumer'

/**
 * A connection to the cluster by the requests of @platformatic/kafka, of versions that Kafka 3.0 and later know; batches of
 * records are written and taken apart by the driver. Its clients on top of them (`Producer`, `Consumer`) are left alone:
 * what they retry, batch and commit is the driver's.
 */
export class PlatformaticConnection implements KafkaConnection {
  readonly #cluster: Cluster
  readonly #compression: 'none' | 'gzip'
  /** By group: the name of the way to assign, which the answer to a join must be given with. */
  readonly #protocols = new Map<string, string>()

  constructor(options: KafkaClientOptions) {
    this.#cluster = new Cluster(options)
    this.#compression = options.compression ?? 'gzip'
  }

  leaders(topic: string): Promise<readonly number[]> {
    return this.#cluster.leaders(topic)
  }

  refresh(): Promise<void> {
    return this.#cluster.refresh()
  }

  async fetch(
    leader: number,
    positions: readonly FetchPosition[],
    { maxWaitMs, maxBytes, maxBytesPerPartition }: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    const topics = byTopic(positions, ({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: NO_EPOCH,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: NO_EPOCH,
      partitionMaxBytes: maxBytesPerPartition,
    })).map(({ name, partitions }) => ({ topicId: name, partitions }))
    const { READ_COMMITTED } = FetchIsolationLevels
    const { id, epoch } = NO_SESSION
    const { responses } = await this.#cluster.toBroker(leader, fetchApi, [
      ...([maxWaitMs, 1, maxBytes, READ_COMMITTED, id, epoch] as const),
      topics,
      [],
      '',
    ])
    const offsets = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
    return responses.flatMap(({ topicId: topic, partitions }) =>
      partitions.map((data) => {
        const offset = offsets.get(`${topic}/${data.partitionIndex}`) ?? Number.POSITIVE_INFINITY
        return toFetchedPartition(topic, data, offset)
      }),
    )
  }

  async newProducerIdentity(): Promise<ProducerIdentity> {
    const answer = await this.#cluster.toAny(initProducerIdV4.api, [null, TRANSACTION_TIMEOUT_MS])
    return { id: String(answer.producerId), epoch: answer.producerEpoch }
  }

  async produce(
    leader: number,
    identity: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly number[]> {
    const answer = await this.#cluster.toBroker(leader, produceApi, [
      batches,
      this.#cluster.requestTimeoutMs,
      { identity, compression: this.#compression, timestamp: Date.now() },
    ])
    const offsets = new Map(
      answer.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ index, baseOffset }) => [`${name}/${index}`, Number(baseOffset)] as const),
      ),
    )
    return batches.map(({ topic, partition }) => offsets.get(`${topic}/${partition}`) ?? -1)
  }

  async offsetsAt(topic: string, partitions: readonly number[], time: number): Promise<ReadonlyMap<number, number>> {
    const leaders = await this.#cluster.leaders(topic)
    const led = Map.groupBy(partitions, (partition) => leaders[partition] ?? -1)
    const timestamp = BigInt(Math.floor(time))
    const answers = await Promise.all(
      [...led].map(([leader, own]) => {
        const asked = own.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: NO_EPOCH, timestamp }))
        return this.#cluster.toBroker(leader, listOffsetsV7.api, [
          CONSUMER_REPLICA_ID,
          FetchIsolationLevels.READ_COMMITTED,
          [{ name: topic, partitions: asked }],
        ])
      }),
    )
    const found = answers.flatMap(({ topics }) => topics.flatMap((answer) => answer.partitions))
    return new Map(found.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]))
  }

  async joinGroup(request: JoinRequest): Promise<JoinedGroup> {
    this.#protocols.set(request.group, request.protocol)
    const joined = await this.#join(request).catch((error: unknown) => {
      // A new member is given an id at first, under which it has to ask again.
      const memberId = givenMemberId(error)
      if (memberId === undefined) throw error
      return this.#join({ ...request, memberId })
    })
    const members = joined.members.map(({ memberId, metadata }) => ({ memberId, metadata }))
    return { generation: joined.generationId, memberId: joined.memberId, leaderId: joined.leader, members }
  }

  #join(request: JoinRequest): Promise<joinGroupV7.JoinGroupResponse> {
    const { group, memberId, sessionTimeoutMs, rebalanceTimeoutMs, protocol, metadata } = request
    return this.#cluster.toCoordinator(group, {
      api: joinGroupV7.api,
      args: [
        ...([group, sessionTimeoutMs, rebalanceTimeoutMs, memberId, null, PROTOCOL_TYPE] as const),
        [{ name: protocol, metadata }],
      ],
      // The coordinator answers when all members have joined.
      timeoutMs: rebalanceTimeoutMs + this.#cluster.requestTimeoutMs,
    })
  }

  async syncGroup(membership: Membership, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer> {
    const { group, generation, memberId } = membership
    const given = [...assignments].map(([member, assignment]) => ({ memberId: member, assignment }))
    const protocol = this.#protocols.get(group) ?? null
    const { assignment } = await this.#cluster.toCoordinator(group, {
      api: syncGroupV5.api,
      args: [group, generation, memberId, null, PROTOCOL_TYPE, protocol, given],
    })
    return assignment
  }

  async heartbeat({ group, memberId, generation }: Membership): Promise<void> {
    await this.#cluster.toCoordinator(group, { api: heartbeatV4.api, args: [group, generation, memberId, null] })
  }

  async leaveGroup(group: string, memberId: string): Promise<void> {
    await this.#cluster.toCoordinator(group, { api: leaveGroupV4.api, args: [group, [{ memberId }]] })
  }

  async commitOffsets({ group, memberId, generation }: Membership, offsets: readonly OffsetToCommit[]): Promise<void> {
    const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: NO_EPOCH,
      committedMetadata: metadata,
    }))
    await this.#cluster.toCoordinator(group, {
      api: offsetCommitV8.api,
      args: [group, generation, memberId, null, topics],
    })
  }

  async committedOffsets(group: string, topic: string, partitions: readonly number[]) {
    const topics = [{ name: topic, partitionIndexes: [...partitions] }]
    const { groups } = await this.#cluster.toCoordinator(group, {
      api: offsetFetchV8.api,
      args: [[{ groupId: group, memberEpoch: NO_EPOCH, topics }], false],
    })
    const found = groups.flatMap((answer) => answer.topics.flatMap((place) => place.partitions))
    return found.map(({ partitionIndex, committedOffset, metadata }) => ({
      partition: partitionIndex,
      offset: Number(committedOffset),
      metadata: metadata ?? '',
    }))
  }

  async close(): Promise<void> {
    this.#cluster.close()
  }
}

const givenMemberId = (error: unknown): string | undefined =>
  error instanceof AnsweredError && error.type === 'MEMBER_ID_REQUIRED'
    ? (error.answer as joinGroupV7.JoinGroupResponse).memberId
    : undefined

function byTopic<T extends TopicPartition, P>(
  items: readonly T[],
  toPartition: (item: T) => P,
): { name: string; partitions: P[] }[] {
  return [...Map.groupBy(items, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(toPartition),
  }))
}
