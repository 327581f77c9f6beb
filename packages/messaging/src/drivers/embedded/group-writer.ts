import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Log } from '@rapport/core'
import type { OutgoingRecord, RecordPosition } from '../../event-log.ts'
import { ClosedError, PublishError } from '../../errors.ts'
import { appendChunks } from './append.ts'
import type { Environment } from './environment.ts'
import { BufferPool, PublishBatch, type PublishEntry } from './publish-batch.ts'
import type { Topic } from './topic-table.ts'
import { WaitingCalls } from './waiting-calls.ts'

/** Publishing waits when this much is encoded and not yet on disk. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024
/** One transaction takes no more publish calls beyond this, so that the first of them is not kept waiting. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024
/** A publish is refused when this much waits that is not even encoded. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024
const DEADLINE_SWEEP_MS = 25
const REASON_WAIT_MS = 100
/**
 * When a transaction held so many calls, the next one begins so much later than it did: with many callers a commit every
 * millisecond spends more on pages and syncs than on records. A caller who awaits each publish never waits for this.
 */
const BUSY_CALLS = 12
const BUSY_INTERVAL_MS = 4

interface Operation {
  readonly run: () => () => void
  readonly reject: (error: unknown) => void
}

export interface GroupWriterOptions {
  readonly environment: Environment
  readonly clock: Clock
  readonly log: Log
  readonly topicOf: (name: string) => Topic
  /** Called when records of these topics are durable. */
  readonly onCommitted: (topics: readonly string[]) => void
}

/**
 * Group commit: while one transaction is being synced, calls gather for the next one. A call resolves when the
 * transaction that holds it is on disk.
 */
export class GroupWriter {
  readonly #options: GroupWriterOptions
  readonly #pool = new BufferPool()
  #batch: PublishBatch
  #operations: Operation[] = []
  readonly #waiting = new WaitingCalls(MAX_WAITING_BYTES)
  readonly #unsettled = new Set<PublishEntry>()
  #inFlightBytes = 0
  #notBeforeMs = 0
  #draining = false
  #drained: Promise<void> = Promise.resolve()
  #sweep: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: GroupWriterOptions) {
    this.#options = options
    this.#batch = new PublishBatch(this.#pool)
  }

  /** Bytes of records that wait for a transaction or are in one. */
  get bufferedBytes(): number {
    return this.#waiting.bytes + this.#batch.bytes + this.#inFlightBytes
  }

  /** Records are checked already. */
  publish(records: readonly OutgoingRecord[], deadlineMs: number): Promise<readonly RecordPosition[]> {
    if (this.#closed) return Promise.reject(PublishError.refused('closed', 'the event log is closed'))
    return new Promise((resolve, reject) => {
      const deadlineAtMs = performance.now() + deadlineMs
      const entry: PublishEntry = { positions: [], chunks: [], deadlineAtMs, resolve, reject, settled: false }
      if (this.#waiting.isEmpty && this.#hasRoom()) {
        this.#batch.add(entry, records, this.#options.topicOf)
      } else if (!this.#waiting.add(entry, records)) {
        reject(PublishError.refused('full', 'the event log is busy: more records wait than it takes on'))
        return
      }
      this.#unsettled.add(entry)
      this.#sweep ??= setInterval(() => this.#rejectOverdue(), DEADLINE_SWEEP_MS)
      this.#start()
    })
  }

  /**
   * Runs a small synchronous operation inside the next transaction and resolves with its result when that is durable.
   * An operation that throws must not have written before.
   */
  run<T>(operation: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new ClosedError())
    return new Promise((resolve, reject) => {
      this.#operations.push({
        run: () => {
          const result = operation()
          return () => resolve(result)
        },
        reject,
      })
      this.#start()
    })
  }

  /** Refuses new calls and resolves when those accepted have ended. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#draining) await this.#drained
    clearInterval(this.#sweep)
  }

  #hasRoom(): boolean {
    return this.#batch.bytes < MAX_BATCH_BYTES && this.#inFlightBytes + this.#batch.bytes < MAX_PENDING_BYTES
  }

  #start(): void {
    if (this.#draining) return
    this.#draining = true
    this.#drained = this.#drain()
  }

  async #drain(): Promise<void> {
    while (this.#batch.entries.length > 0 || this.#operations.length > 0) {
      const waitMs = this.#notBeforeMs - performance.now()
      if (waitMs > 0 && !this.#closed) await sleep(waitMs)
      await this.#commit()
      this.#admitWaiting()
    }
    this.#draining = false
  }

  async #commit(): Promise<void> {
    const { environment } = this.#options
    const startedAtMs = performance.now()
    let batch: PublishBatch | undefined
    let operations: Operation[] = []
    let done: (() => void)[] = []
    try {
      await environment.root.transaction(() => {
        // Taken only now: whatever came while the transaction waited for its turn goes with it.
        batch = this.#batch
        operations = this.#operations
        this.#batch = new PublishBatch(this.#pool)
        this.#operations = []
        this.#inFlightBytes = batch.bytes
        this.#append(batch)
        done = runAll(operations)
      })
    } catch (error) {
      this.#fail(await reasonOf(error), batch, operations)
      return
    } finally {
      this.#inFlightBytes = 0
    }
    if (batch === undefined) return
    if (batch.entries.length >= BUSY_CALLS) this.#notBeforeMs = startedAtMs + BUSY_INTERVAL_MS
    this.#settle(batch)
    for (const resolve of done) resolve()
  }

  #append(batch: PublishBatch): void {
    const nowMs = this.#options.clock.now()
    for (const { topic, chunks } of batch.topics) appendChunks(this.#options.environment, topic, chunks, nowMs)
    batch.assignOffsets()
    batch.releaseBuffers()
  }

  #settle(batch: PublishBatch): void {
    for (const entry of batch.entries) {
      this.#forget(entry)
      if (entry.settled) continue
      entry.settled = true
      entry.resolve(entry.positions)
    }
    const topics = [...batch.topics].map(({ topic }) => topic.name)
    if (topics.length > 0) this.#options.onCommitted(topics)
  }

  #fail(error: unknown, batch: PublishBatch | undefined, operations: readonly Operation[]): void {
    this.#options.log.error({ err: error }, 'a transaction of the event log failed')
    // Nothing was taken: the transaction did not begin, and what waits would wait for ever.
    const failed = batch ?? this.#batch
    if (batch === undefined) {
      this.#batch = new PublishBatch(this.#pool)
      operations = this.#operations
      this.#operations = []
    }
    for (const entry of failed.entries) {
      this.#reject(entry, PublishError.unknown('commit failed', 'the commit of the event log failed', error))
    }
    for (const operation of operations) operation.reject(error)
  }

  #admitWaiting(): void {
    for (const [entry, records] of this.#waiting.take(() => this.#hasRoom())) {
      this.#batch.add(entry, records, this.#options.topicOf)
    }
  }

  #rejectOverdue(): void {
    const now = performance.now()
    for (const entry of this.#unsettled) {
      if (entry.deadlineAtMs > now) continue
      this.#reject(entry, PublishError.unknown('deadline', 'the records were not known to be on disk by the deadline'))
    }
  }

  #reject(entry: PublishEntry, error: PublishError): void {
    this.#waiting.remove(entry)
    this.#forget(entry)
    if (entry.settled) return
    entry.settled = true
    entry.reject(error)
  }

  #forget(entry: PublishEntry): void {
    this.#unsettled.delete(entry)
    if (this.#unsettled.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}

function runAll(operations: readonly Operation[]): (() => void)[] {
  const done: (() => void)[] = []
  for (const operation of operations) {
    try {
      done.push(operation.run())
    } catch (error) {
      operation.reject(error)
    }
  }
  return done
}

/** LMDB hangs the reason of a failed commit on the error as a promise that nobody else handles. */
async function reasonOf(failure: unknown): Promise<unknown> {
  if (!(failure instanceof Error && 'commitError' in failure)) return failure
  try {
    await Promise.race([failure.commitError, sleep(REASON_WAIT_MS)])
  } catch (reason) {
    return reason
  }
  return failure
}
