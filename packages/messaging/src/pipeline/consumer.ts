import { deadLetterTopicOf } from '@rapport/contracts'
import { systemClock, type Clock, type Log } from '@rapport/core'
import type { EventLog, LogRecord, Subscriber } from '../event-log.ts'
import { BatchRun, type Progress } from './batch-run.ts'
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
  readonly onAssigned?: (partitions: readonly { topic: string; partition: number }[]) => void | Promise<void>
  readonly onMetric?: (metric: ConsumerMetric) => void
  /** Where a topic's dead letters go. Default `<topic>.dlq`. */
  readonly deadLetterTopic?: (topic: string) => string
  readonly clock?: Clock
}

/**
 * Consumes topics as a group. Each record's effect is made, or it is dropped on purpose, or it becomes a dead letter;
 * then its offset is committed. Nothing is skipped, and no record blocks its partition for ever.
 * @throws UnknownTopicError when a topic or its dead-letter topic does not exist.
 */
export async function runConsumer<T>(options: ConsumerOptions<T>): Promise<Subscriber> {
  const {
    eventLog,
    group,
    topics,
    maxRecords,
    minIntervalMs,
    rewindMs,
    onAssigned,
    onMetric,
    deadLetterTopic = deadLetterTopicOf,
    clock = systemClock,
  } = options
  for (const topic of topics) await eventLog.extents(deadLetterTopic(topic))
  const progress: Progress = new WeakMap()
  return eventLog.subscribe({
    group,
    topics,
    ...(maxRecords === undefined ? {} : { maxRecords }),
    ...(minIntervalMs === undefined ? {} : { minIntervalMs }),
    ...(rewindMs === undefined ? {} : { rewindMs }),
    ...(onAssigned === undefined ? {} : { onAssigned }),
    onMissed: ({ topic, fromOffset, toOffset }) => onMetric?.({ topic, kind: 'missed', count: toOffset - fromOffset }),
    onBatch: (batch) => new BatchRun(batch, { ...options, deadLetterTopic, clock, progress }).run(),
  })
}
