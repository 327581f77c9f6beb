import type { OutgoingRecord } from '../../event-log.ts'
import type { ProduceRecord, ProducerIdentity } from './connection.ts'
import type { PublishCall } from './publish-call.ts'

/** What one batch of one partition holds at most; one record alone may be larger. */
const MAX_BATCH_BYTES = 512 * 1024
const MAX_BATCH_RECORDS = 5000
/** Sequences are 32 bits: long before they end, the partition goes on under a new identity. */
const MAX_SEQUENCE = 2 ** 30

export interface PendingRecord extends ProduceRecord {
  readonly bytes: number
  readonly call: PublishCall
  /** Position among the call's records. */
  readonly index: number
}

/** Records with the sequence under which the broker knows them: each attempt sends the same. */
export interface LaneBatch {
  readonly records: readonly PendingRecord[]
  readonly bytes: number
  firstSequence: number
  readonly formedAtMs: number
  /** An attempt has ended without an answer: the broker may have written it. */
  isDoubtful: boolean
  /** Goes in a request of its own, so that an error in the answer is known to be its. */
  isAlone: boolean
  /** The error in an answer to several, this one among them, of which others may be written by now. */
  sharedFailure: string | undefined
}

/**
 * The way into one partition: one batch at a time is under way, and what follows waits, so that a batch that is sent again
 * never comes after a later one. The producer's identity and sequence make sending again write nothing twice.
 */
export class Lane {
  readonly topic: string
  readonly partition: number
  identity: ProducerIdentity | undefined
  isInFlight = false
  /** After a failure; monotonic. */
  notBeforeMs = 0
  #waiting: PendingRecord[] = []
  #oldestAtMs = 0
  #batches: LaneBatch[] = []
  #nextSequence = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0 && this.#waiting.length === 0
  }

  add(record: PendingRecord, nowMs: number): void {
    if (this.#waiting.length === 0) this.#oldestAtMs = nowMs
    this.#waiting.push(record)
  }

  /** When it is to be sent: undefined while it is under way or empty. */
  dueAtMs(lingerMs: number): number | undefined {
    if (this.isInFlight) return undefined
    if (this.#batches.length > 0) return this.notBeforeMs
    return this.#waiting.length === 0 ? undefined : Math.max(this.notBeforeMs, this.#oldestAtMs + lingerMs)
  }

  /** The batch to send next: the same one until it is settled. An identity change is safe only where none is open. */
  head(current: ProducerIdentity, nowMs: number): LaneBatch | undefined {
    const open = this.#batches[0]
    if (open !== undefined) {
      if (this.identity === undefined) this.#renumber(current)
      return open
    }
    if (this.identity !== current || this.#nextSequence > MAX_SEQUENCE) {
      this.identity = current
      this.#nextSequence = 0
    }
    const batch = this.#form(nowMs)
    if (batch !== undefined) this.#batches.push(batch)
    return batch
  }

  /** Takes the settled batch off. */
  settleHead(): void {
    this.#batches.shift()
  }

  /** Too large for the broker as it is: it goes in two. Nothing of it was written. */
  splitHead(): void {
    const [whole, ...rest] = this.#batches
    if (whole === undefined) return
    const middle = Math.ceil(whole.records.length / 2)
    const parts = [whole.records.slice(0, middle), whole.records.slice(middle)].map((records, index) => ({
      ...whole,
      records,
      bytes: bytesOf(records),
      firstSequence: whole.firstSequence + index * middle,
      isAlone: true,
    }))
    this.#batches = [...parts, ...rest]
  }

  /** The broker has lost the sequence, or it is not known which part of it was written. */
  loseIdentity(): void {
    this.identity = undefined
  }

  /** Forgets what waits of calls that are settled already; gives their bytes. */
  dropSettled(): number {
    const kept = this.#waiting.filter(({ call }) => !call.isSettled)
    const dropped = bytesOf(this.#waiting) - bytesOf(kept)
    this.#waiting = kept
    return dropped
  }

  #form(nowMs: number): LaneBatch | undefined {
    let bytes = 0
    let count = 0
    for (const record of this.#waiting) {
      if (count > 0 && (bytes + record.bytes > MAX_BATCH_BYTES || count === MAX_BATCH_RECORDS)) break
      bytes += record.bytes
      count += 1
    }
    if (count === 0) return undefined
    const records = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    const firstSequence = this.#nextSequence
    this.#nextSequence += count
    const untried = { isDoubtful: false, isAlone: false, sharedFailure: undefined }
    return { records, bytes, firstSequence, formedAtMs: nowMs, ...untried }
  }

  #renumber(identity: ProducerIdentity): void {
    this.identity = identity
    this.#nextSequence = 0
    for (const batch of this.#batches) {
      batch.firstSequence = this.#nextSequence
      this.#nextSequence += batch.records.length
    }
  }
}

const bytesOf = (records: readonly PendingRecord[]): number => records.reduce((sum, { bytes }) => sum + bytes, 0)

/** How many records of each call a batch holds. */
export function recordsByCall(batch: LaneBatch): Map<PublishCall, number> {
  const counts = new Map<PublishCall, number>()
  for (const { call } of batch.records) counts.set(call, (counts.get(call) ?? 0) + 1)
  return counts
}

/** What a record takes, nearly: text is counted in characters, and each has some bytes of bookkeeping. */
export function recordBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = 32 + key.length + (value?.length ?? 0)
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0)
  return bytes
}
