import type { Clock } from '@rapport/core'
import { NotCurrentError } from '../errors.ts'
import type { LogRecord, RecordBatch } from '../event-log.ts'
import { withinSpanOf } from '../tracing/carried-trace.ts'
import { markRefused } from '../tracing/spans.ts'
import { readFailures, writeAttempts } from './attempts.ts'
import type { ConsumerMetric, ConsumerOptions } from './consumer-options.ts'
import { toDeadLetter } from './dead-letter.ts'
import { blame, deadLetter, RecordError, type Entry, type Exception, type Refusal } from './outcomes.ts'

/** The third failure at one offset is the last. */
const MAX_FAILURES = 3
const PART_BYTES = 8 * 1024 * 1024
/** Code of a dead letter whose record failed three times, nobody knows why. */
export const UNKNOWN_CODE = 'RPT_CONSUMER_UNKNOWN'

export interface BatchRunOptions<T> extends ConsumerOptions<T> {
  readonly deadLetterTopic: (topic: string) => string
  readonly clock: Clock
  readonly progress: Progress
}

/**
 * How far this process has got in a batch that it tries again, by the batch's records: what lies below is done, and
 * must not be tried again, or the failures of one record would wipe out those of a later one.
 */
export type Progress = WeakMap<readonly LogRecord[], number>

/** A record whose decoding has failed, nobody knows why. */
interface Undecodable {
  readonly record: LogRecord
  readonly error: unknown
}

type Settled = readonly [LogRecord, Exception]
/** A metric before it is given the batch's topic. */
type Count = ConsumerMetric extends infer M ? (M extends ConsumerMetric ? Omit<M, 'topic'> : never) : never

/** One try at one batch. */
export class BatchRun<T> {
  readonly #batch: RecordBatch
  readonly #options: BatchRunOptions<T>
  /** Written to the dead letters, or counted, before a commit passes them: a retry does not write them again. */
  #exceptions: Settled[] = []

  constructor(batch: RecordBatch, options: BatchRunOptions<T>) {
    this.#batch = batch
    this.#options = options
  }

  /** Processes and commits. Rejects when the batch has to be tried again. */
  async run(): Promise<void> {
    const { records } = this.#batch
    const done = this.#options.progress.get(records) ?? 0
    let rest = done === 0 ? records : records.filter(({ offset }) => offset >= done)
    while (rest.length > 0) {
      const { entries, undecodable, taken } = this.#decode(rest)
      await this.#processOrSplit(entries)
      if (undecodable !== undefined) await this.#failAt(undecodable.record, undecodable.error)
      rest = rest.slice(taken)
    }
    await this.#settleAndCommit((records.at(-1)?.offset ?? -1) + 1)
  }

  /** Decodes records until the end, or through the first whose decoding fails. */
  #decode(records: readonly LogRecord[]): { entries: Entry<T>[]; undecodable?: Undecodable; taken: number } {
    const entries: Entry<T>[] = []
    for (const [index, record] of records.entries()) {
      try {
        const result = this.#options.decode(record)
        if (result.kind === 'value') entries.push({ record, value: result.value })
        else this.#exceptions.push([record, result])
      } catch (error) {
        return { entries, undecodable: { record, error }, taken: index + 1 }
      }
    }
    return { entries, taken: records.length }
  }

  /** All of the entries at once; when that fails in a way that may be one record's, in halves. */
  async #processOrSplit(entries: readonly Entry<T>[]): Promise<void> {
    const [only] = entries
    if (only === undefined) return
    this.#refuseWhenLost()
    try {
      await this.#process(entries)
      return
    } catch (error) {
      const whose = blame(error)
      if (whose === 'environment') this.#count({ kind: 'environment error', count: 1 })
      if (whose === 'environment' || whose === 'lost') throw error
      if (entries.length === 1) {
        await this.#failAt(only.record, error)
        return
      }
    }
    const middle = Math.ceil(entries.length / 2)
    await this.#processOrSplit(entries.slice(0, middle))
    await this.#processOrSplit(entries.slice(middle))
  }

  async #process(entries: readonly Entry<T>[]): Promise<void> {
    const { topic, partition } = this.#batch
    const exceptions = await this.#options.process({
      topic,
      partition,
      entries,
      isCurrent: () => this.#batch.isCurrent(),
    })
    const before = this.#exceptions.length
    for (const { record } of entries) {
      const exception = exceptions?.get(record.offset)
      if (exception !== undefined) this.#exceptions.push([record, exception])
    }
    this.#count({ kind: 'processed', count: entries.length - (this.#exceptions.length - before) })
  }

  /** The one record that fails: to the dead letters when it is at fault or has failed too often. */
  async #failAt(record: LogRecord, error: unknown): Promise<void> {
    if (error instanceof RecordError) {
      this.#exceptions.push([record, deadLetter(error.code, error.message)])
      return
    }
    const { topic, partition, offset } = record
    const failures = readFailures(this.#batch.checkpoint, offset) + 1
    this.#count({ kind: 'unknown failure', count: 1 })
    if (failures < MAX_FAILURES) {
      await this.#settleAndCommit(offset, writeAttempts({ offset, failures }))
      throw error
    }
    const { group, log } = this.#options
    const place = { group, topic, partition, offset, failures }
    log.error({ ...place, code: UNKNOWN_CODE, err: error }, 'a record was given up after its third failure')
    this.#exceptions.push([record, deadLetter(UNKNOWN_CODE, error instanceof Error ? error.message : String(error))])
  }

  /** Commits that everything below the offset is done, once the dead letters from there are durable. */
  async #settleAndCommit(nextOffset: number, metadata?: string): Promise<void> {
    const below = this.#exceptions.filter(([{ offset }]) => offset < nextOffset)
    this.#exceptions = this.#exceptions.filter(([{ offset }]) => offset >= nextOffset)
    this.#refuseWhenLost()
    await this.#settle(below)
    // The checkpoint may be ahead of a record that is here by a rewind; its metadata must be kept all the same.
    const committed = this.#batch.checkpoint?.nextOffset ?? 0
    await this.#batch.commit(metadata === undefined ? nextOffset : Math.max(nextOffset, committed), metadata)
    this.#options.progress.set(this.#batch.records, nextOffset)
  }

  async #settle(exceptions: readonly Settled[]): Promise<void> {
    const refused: (readonly [LogRecord, Refusal])[] = []
    const committed = this.#batch.checkpoint?.nextOffset ?? 0
    for (const [record, exception] of exceptions) {
      if (exception.kind === 'drop') this.#count({ kind: 'dropped', count: 1, reason: exception.reason })
      // Below the checkpoint it is here by a rewind, and has been sent before; but giving it up is new.
      else if (record.offset >= committed || exception.code === UNKNOWN_CODE) refused.push([record, exception])
    }
    await this.#publish(refused)
  }

  async #publish(refused: readonly (readonly [LogRecord, Refusal])[]): Promise<void> {
    const { eventLog, group, log, deadLetterTopic, clock } = this.#options
    const failedAtMs = clock.now()
    for (const part of inParts(refused)) {
      const letters = part.map(([record, { code, message }]) =>
        toDeadLetter(deadLetterTopic(record.topic), record, { code, message, group, failedAtMs }),
      )
      try {
        await eventLog.publish(letters)
      } catch (error) {
        this.#count({ kind: 'environment error', count: 1 })
        throw error
      }
      for (const [record, { code, message: reason }] of part) {
        withinSpanOf(record, (span) => {
          const { topic, partition, offset } = record
          log.warn({ group, topic, partition, offset, code, reason }, 'a record went to the dead letters')
          if (span !== undefined) markRefused(span, code)
        })
        this.#count({ kind: 'dead letter', count: 1, code })
      }
    }
  }

  #refuseWhenLost(): void {
    const { topic, partition } = this.#batch
    if (!this.#batch.isCurrent()) throw new NotCurrentError(this.#options.group, topic, partition)
  }

  #count(count: Count): void {
    if (count.count > 0) this.#options.onMetric?.({ topic: this.#batch.topic, ...count })
  }
}

/** So that a whole batch of large records is not in memory a second time, as letters. */
function inParts(refused: readonly (readonly [LogRecord, Refusal])[]): (readonly [LogRecord, Refusal])[][] {
  const parts: (readonly [LogRecord, Refusal])[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const each of refused) {
    if (bytes > PART_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(each)
    const [{ key, value }] = each
    bytes += key.length + (value?.length ?? 0)
  }
  return parts
}
