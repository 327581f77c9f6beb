import type { LogRecord, TopicPartition } from '../../event-log.ts'

export interface FetchPosition extends TopicPartition {
  readonly offset: number
}

export interface FetchLimits {
  /** How long the broker may wait for the first record. */
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
}

/** A batch that stands on the log and that nobody here can decode: damaged, or of a codec that is not known. */
export interface UnreadableBatch {
  readonly offset: number
  /** Behind the batch, as its head says. */
  readonly nextOffset: number
  readonly error: unknown
}

export interface FetchedPartition extends TopicPartition {
  /** Committed records at or after the position asked for. */
  readonly records: readonly LogRecord[]
  /** Where to fetch next: past batches that hold no record (any more), too. */
  readonly nextOffset: number
  /** The offset that the next record will get, as far as consumers may read. */
  readonly endOffset: number
  readonly startOffset: number
  /** What ends the records, where the broker has sent more of them. */
  readonly unreadable?: UnreadableBatch | undefined
}

export interface ProducerIdentity {
  readonly id: string
  readonly epoch: number
}

export interface ProduceRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>> | undefined
}

export interface ProduceBatch extends TopicPartition {
  readonly firstSequence: number
  readonly records: readonly ProduceRecord[]
}

export interface JoinRequest {
  readonly group: string
  readonly memberId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocol: string
  readonly metadata: Buffer
}

export interface JoinedGroup {
  readonly generation: number
  readonly memberId: string
  readonly leaderId: string
  /** Everybody, for the leader; empty for the others. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[]
}

export interface Membership {
  readonly group: string
  readonly memberId: string
  readonly generation: number
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: number
  readonly metadata: string
}

export const EARLIEST = -2
export const LATEST = -1

/**
 * What the driver needs of a Kafka client: requests of the protocol, one attempt each. Retries, groups, batches and
 * sequences are the driver's. Everything rejects with a KafkaError, and ends within the client's request time-out.
 * One connection serves one purpose: a group's `joinGroup` holds up what comes after it.
 */
export interface KafkaConnection {
  /** The broker that leads each partition, by partition. From the cache while it is fresh. */
  leaders(topic: string): Promise<readonly number[]>
  /** Asks the cluster anew, and connects anew when nobody answers. */
  refresh(): Promise<void>
  fetch(leader: number, positions: readonly FetchPosition[], limits: FetchLimits): Promise<readonly FetchedPartition[]>
  newProducerIdentity(): Promise<ProducerIdentity>
  /** All or a part may have been written when it rejects. Gives the offset of the first record of each batch. */
  produce(leader: number, identity: ProducerIdentity, batches: readonly ProduceBatch[]): Promise<readonly number[]>
  /** By partition: the first offset at or after a time in milliseconds, -1 when there is none; or EARLIEST, LATEST. */
  offsetsAt(topic: string, partitions: readonly number[], time: number): Promise<ReadonlyMap<number, number>>
  joinGroup(request: JoinRequest): Promise<JoinedGroup>
  /** `assignments` by member; only the leader gives any. Resolves with this member's. */
  syncGroup(membership: Membership, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer>
  heartbeat(membership: Membership): Promise<void>
  leaveGroup(group: string, memberId: string): Promise<void>
  commitOffsets(membership: Membership, offsets: readonly OffsetToCommit[]): Promise<void>
  /** Offset -1 where nothing was committed. */
  committedOffsets(
    group: string,
    topic: string,
    partitions: readonly number[],
  ): Promise<readonly { partition: number; offset: number; metadata: string }[]>
  /** Ends at once what is under way. */
  close(): Promise<void>
}
