import type { Clock, Log } from '@rapport/core'
import type { EventLog, LogRecord, TopicPartition } from '../event-log.ts'
import type { Decoded, Entry, Exception } from './outcomes.ts'

/** Records of one partition, in order, that could be decoded. */
export interface PipelineBatch<T> {
  readonly topic: string
  readonly partition: number
  /** At least one. */
  readonly entries: readonly Entry<T>[]
  /** Check it before each write. */
  isCurrent(): boolean
}

export type ConsumerMetric = { readonly topic: string; readonly count: number } &
  /** `missed`: retention had removed the records before the group could read them. */
  (
    | { readonly kind: 'processed' | 'environment error' | 'unknown failure' | 'missed' }
    | { readonly kind: 'dropped'; readonly reason: string }
    | { readonly kind: 'dead letter'; readonly code: string }
  )

export interface ConsumerOptions<T> {
  readonly eventLog: EventLog
  readonly group: string
  readonly topics: readonly string[]
  readonly log: Log
  readonly maxRecords?: number
  /** See `Subscription`. */
  readonly minIntervalMs?: number
  readonly rewindMs?: number
  /** Reads a record; what is not trusted is refused here. `decoded` for its own value, `drop`, or `deadLetter`. */
  readonly decode: (record: LogRecord) => Decoded<T>
  /**
   * Brings about the records' effect and resolves when it is durable, with what became of the records that are not simply
   * done, by offset. It must stand being called again with the same records, and with a part of them.
   *
   * A rejection with a `RecordError` blames a record; with a RapportError whose `canRetry` is true, the environment (the
   * partition waits and tries again); with anything else it is unknown: the record at fault is searched by halving, and
   * given up as a dead letter after its third failure.
   */
  readonly process: (batch: PipelineBatch<T>) => Promise<ReadonlyMap<number, Exception> | undefined | void>
  /** See `Subscription`. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  readonly onMetric?: (metric: ConsumerMetric) => void
  /** Where a topic's dead letters go. Default `<topic>.dlq`. */
  readonly deadLetterTopic?: (topic: string) => string
  readonly clock?: Clock
}
