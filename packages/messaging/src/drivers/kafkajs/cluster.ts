import type { UnreadableBatch } from '../kafka/connection.ts'
import type { Assigner, Broker as PublicBroker, Cluster as PublicCluster, Kafka } from 'kafkajs'

/** Requests that kafkajs 2.2.4 has and its types leave out. */
interface GroupRequests {
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: readonly { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<void>
  findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<void>
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>
  listOffsets(request: {
    replicaId: number
    isolationLevel: number
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[]
  }): Promise<{
    responses: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]
  }>
}

export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | null | undefined>>
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/**
 * With additions of ours (patches/kafkajs@2.2.4.patch): the end of the last batch, records or not, and the batch behind
 * it that could not be decoded.
 */
export type FetchedMessages = readonly FetchedMessage[] & {
  readonly nextOffset?: number
  readonly unreadable?: UnreadableBatch
}

export interface FetchResponse {
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      readonly highWatermark: string
      readonly lastStableOffset: string
      /** The log start offset; the name is kafkajs's. */
      readonly lastStartOffset: string
      readonly abortedTransactions: readonly { producerId: string; firstOffset: string }[] | null
      readonly messages: FetchedMessages
    }[]
  }[]
}

export interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly { readonly partition: number; readonly baseOffset: string }[]
  }[]
}

export type Broker = PublicBroker & GroupRequests
export interface Cluster extends Omit<PublicCluster, 'findBroker' | 'findGroupCoordinator'> {
  findBroker(node: { nodeId: string }): Promise<Broker>
  findGroupCoordinator(group: { groupId: string }): Promise<Broker>
}

/**
 * kafkajs's layer of connections and requests, without its consumer. The consumer cannot keep the port's promises: its
 * heartbeats depend on the handlers, one slow partition holds up all of a broker's, it joins again under handlers that
 * are still running, drops commits silently while it is restarting, and jumps to the end of a partition when compaction
 * has left only batches without records. kafkajs hands its cluster to the assigners of a consumer: this one never runs.
 */
export function clusterOf(kafka: Kafka, metadataMaxAgeMs: number): Cluster {
  let found: PublicCluster | undefined
  const assigner = (): Assigner => ({
    name: 'unused',
    version: 0,
    assign: async () => [],
    protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
  })
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    metadataMaxAge: metadataMaxAgeMs,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster
        return assigner()
      },
    ],
  })
  if (found === undefined) throw new TypeError('kafkajs did not hand over its cluster')
  return found as unknown as Cluster
}
