import type { TopicDescription } from '@rapport/contracts'

export interface OutgoingRecord {
  readonly topic: string
  /** Never empty: an unkeyed record can be lost when a client's retry moves it to another partition. */
  readonly key: string
  /** `null` is a tombstone: on a compacted topic it deletes the key. */
  readonly value: Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  /** The record that it was made of, where that is being processed: it stays in its trace. */
  readonly cause?: LogRecord
}

export interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface LogRecord extends RecordPosition {
  readonly key: string
  /** The key's bytes, where they are no UTF-8: others may produce any. */
  readonly keyBytes?: Uint8Array
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  /** Likewise, of headers that are no UTF-8. */
  readonly headerBytes?: Readonly<Record<string, Uint8Array>>
  /** Milliseconds since the epoch at which the log took the record. */
  readonly appendedAtMs: number
}

/** A checkpoint of a group in one partition. */
export interface Checkpoint {
  /** The first offset that is not done. */
  readonly nextOffset: number
  /** Free text kept with the checkpoint (the attempts at a failing offset, for instance). */
  readonly metadata: string
}

/** Consecutive records of one partition, in order; offsets may have gaps (compaction). */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  /** At least one. A batch that is tried again has the same array. */
  readonly records: readonly LogRecord[]
  /** What the group had committed for this partition when the batch was handed over; anew at each retry. */
  readonly checkpoint: Checkpoint | undefined
  /** True while the partition still belongs to this consumer; check it before each write. */
  isCurrent(): boolean
  /** Commits that everything below `nextOffset` is done. Checkpoints only grow; a lower one is ignored. Resolves when durable. */
  commit(nextOffset: number, metadata?: string): Promise<void>
}

/** Records from `fromOffset` to before `toOffset` that retention removed before the group had read them. */
export interface MissedRecords {
  readonly topic: string
  readonly partition: number
  readonly fromOffset: number
  /** The oldest offset kept, where reading goes on. */
  readonly toOffset: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface Subscription {
  readonly group: string
  readonly topics: readonly string[]
  /** Upper bound of records in a batch. Default 1,000. */
  readonly maxRecords?: number
  /**
   * While the consumer keeps up, batches come no closer together than this, so that their number does not grow with the
   * number of publishes; after a quiet time the first comes at once. Default 0.
   */
  readonly minIntervalMs?: number
  /**
   * On assignment, start this much append time before the checkpoint, or where the group was so long before its last commit
   * by the clock, if that is earlier. Default 0.
   */
  readonly rewindMs?: number
  /**
   * One batch of one partition at a time; partitions run concurrently. The effect must be durable before `commit`.
   * A rejection is retried with the same records after a back-off.
   */
  readonly onBatch: (batch: RecordBatch) => Promise<void>
  /**
   * Called with all of this consumer's partitions when it was given other ones, or the same ones anew after others may
   * have had them; before their first batch, which waits for it. A rejection is tried again.
   */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /**
   * Called, with a warning in the log, when records that stand at or after the group's checkpoint are gone: once by each
   * consumer that meets the gap. Never for a group without a checkpoint, which starts at the oldest kept.
   */
  readonly onMissed?: (missed: MissedRecords) => void
}

export interface Subscriber extends AsyncDisposable {
  /**
   * The partitions that are this consumer's at this moment and nobody else's, without those that it has yet to begin.
   * Undefined while that cannot be said: the group is sharing anew, and what was held may be kept.
   */
  held(): readonly TopicPartition[] | undefined
  /** Stops fetching; batches in flight end. Resolves when none is in flight. */
  pause(): Promise<void>
  resume(): void
  /**
   * Moves the group to other offsets (lower ones too) in partitions that are held. Only while paused.
   * @throws EventLogUseError `RPT_EVENT_LOG_SEEK`, with `canRetry` where a partition is not held; nothing is moved then.
   */
  seek(offsets: readonly RecordPosition[]): Promise<void>
}

export interface Follower extends AsyncDisposable {
  /** Resolves when every record that stood in the topic at the call of `follow` has been handed over. */
  readonly caughtUp: Promise<void>
}

/** How far a group is in one partition. */
export interface PartitionLag extends TopicPartition {
  readonly group: string
  /** The first offset that is not done; undefined before the first commit. */
  readonly nextOffset: number | undefined
  /** Offsets from there to the end of the partition; undefined before the log has told where that is. */
  readonly lag: number | undefined
  /** The consumer stands still there, before records that are damaged or that it cannot decode. */
  readonly unreadableOffset?: number
}

export interface EventLogStats {
  /**
   * Of the partitions that subscribers of this log hold. The end of a partition is as the last fetch told: a consumer
   * that fetches nothing, paused or with its hands full, sees no newer one.
   */
  readonly lags: readonly PartitionLag[]
  /** Bytes of records whose `publish` has not ended. */
  readonly bufferedBytes: number
}

export interface PartitionExtent {
  readonly topic: string
  readonly partition: number
  /** The oldest offset still kept; equal to `nextOffset` when the partition is empty. */
  readonly firstOffset: number
  /** The offset that the next record will get. */
  readonly nextOffset: number
}

/**
 * The event log port (DESIGN.md §2): keyed records, order by key, durable when `publish` resolves, consumer groups with
 * explicit checkpoints, replay, and broadcast.
 */
export interface EventLog extends AsyncDisposable {
  /**
   * Resolves with the positions, in the records' order, when all of them are durable.
   * Under load it waits for its turn, in bounded memory.
   * @throws PublishError whose outcome is unknown (deadline, lost connection) or known as refused (`unkeyed`, `unknown topic`,
   * `too large`, `closed`, or `full` when too much waits already: the same call may be made again, later).
   */
  publish(records: readonly OutgoingRecord[], options?: { deadlineMs?: number }): Promise<readonly RecordPosition[]>
  subscribe(subscription: Subscription): Promise<Subscriber>
  /** Broadcast: every caller reads the whole topic from its start, then tails it. No group, no checkpoint. `onRecords` is awaited. */
  follow(topic: string, onRecords: (records: readonly LogRecord[]) => void | Promise<void>): Promise<Follower>
  /** Up to `limit` records of a partition at or after `fromOffset`; empty at the end. */
  read(from: RecordPosition, limit: number): Promise<readonly LogRecord[]>
  extents(topic: string): Promise<readonly PartitionExtent[]>
  checkpoints(group: string, topic: string): Promise<ReadonlyMap<number, Checkpoint>>
  /** What this log knows without asking anybody, for metrics. Never throws. */
  stats(): EventLogStats
}

export interface EventLogOptions {
  readonly topics: readonly TopicDescription[]
}
