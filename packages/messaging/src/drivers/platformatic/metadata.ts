import type { metadataV12 } from '@platformatic/kafka'
import type { BrokerAddress } from './link.ts'
import { AnsweredError } from './platformatic-error.ts'

export interface TopicMetadata {
  /** Of the protocol; 0 is none. */
  readonly errorCode: number
  /** By partition; -1 where there is none. */
  readonly leaders: readonly number[]
  /** The fewest replicas that a partition has. */
  readonly replication: number
}

export interface ClusterMetadata {
  readonly brokers: ReadonlyMap<number, BrokerAddress>
  readonly topics: ReadonlyMap<string, TopicMetadata>
}

/** The client rejects a whole answer for one topic or partition in trouble; the others are as good as ever. */
export async function readMetadata(request: () => Promise<metadataV12.MetadataResponse>): Promise<ClusterMetadata> {
  try {
    return toMetadata(await request())
  } catch (error) {
    if (!(error instanceof AnsweredError)) throw error
    return toMetadata(error.answer as metadataV12.MetadataResponse)
  }
}

function toMetadata({ brokers, topics }: metadataV12.MetadataResponse): ClusterMetadata {
  return {
    brokers: new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }])),
    topics: new Map(
      topics.map(({ name, errorCode, partitions }) => {
        const leaders: number[] = []
        for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId
        const replication = Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length))
        return [name ?? '', { errorCode, leaders, replication }]
      }),
    ),
  }
}
