import { backoffMs, murmur2, partitionOfHash, type Log } from '@rapport/core'
import { PublishError } from '../../errors.ts'
import type { OutgoingRecord, RecordPosition } from '../../event-log.ts'
import type { KafkaConnection, ProducerIdentity } from './connection.ts'
import {
  hasLostIdentity,
  isCertainlyNotWritten,
  isDenied,
  isTooLarge,
  toKafkaError,
  type KafkaError,
} from './kafka-error.ts'
import { Lane, recordBytes, recordsByCall, type LaneBatch } from './lane.ts'
import { OpenCalls } from './open-calls.ts'
import { PublishCall } from './publish-call.ts'

const RETRY = { baseMs: 50, maxMs: 1000 }
/** What waits and what is under way, together; one call alone may be larger. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024
/** With so much waiting nothing is gained by waiting for more. */
const FULL_BYTES = 256 * 1024
const FULL_RECORDS = 1000
const MAX_REQUEST_BYTES = 4 * 1024 * 1024
/** What is refused before it is sent has no sequence. */
const NO_IDENTITY: ProducerIdentity = { id: '-1', epoch: -1 }
/** While the broker writes one request the next is encoded. */
const MAX_REQUESTS_PER_BROKER = 2
/** Batches whose callers have long been told that nobody knows are given up after this. */
const DELIVERY_TIMEOUT_MS = 120_000
const CLOSE_TIMEOUT_MS = 10_000

export interface ProducerOptions {
  readonly connection: KafkaConnection
  readonly partitionsOf: (topic: string) => number
  readonly log: Log
  readonly random: () => number
  /** How long a record waits for company. */
  readonly lingerMs: number
  readonly maxBufferedBytes?: number
}

interface Sending {
  readonly lane: Lane
  readonly batch: LaneBatch
}

/**
 * Gathers records into batches by partition and brings them to the brokers with `acks: -1`, in the order of the calls,
 * each written once for as long as the broker remembers the producer.
 */
export class Producer {
  readonly #options: ProducerOptions
  readonly #maxBytes: number
  readonly #lanes = new Map<string, (Lane | undefined)[]>()
  readonly #active = new Set<Lane>()
  readonly #calls = new OpenCalls(() => this.#dropOverdue())
  readonly #requests = new Map<number, number>()
  #identity: ProducerIdentity | undefined
  #bytes = 0
  #freshBytes = 0
  #freshRecords = 0
  /** Since a batch was last stored. */
  #failures = 0
  #isLoginRefused = false
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #dispatching = false
  #again = false
  #closed = false

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#maxBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES
  }

  /** Bytes of records that wait or are under way. */
  get bufferedBytes(): number {
    return this.#bytes
  }

  /** Records are checked already. */
  publish(records: readonly OutgoingRecord[], deadlineMs: number): Promise<readonly RecordPosition[]> {
    if (this.#closed) return Promise.reject(PublishError.refused('closed', 'the event log is closed'))
    let bytes = 0
    for (const record of records) bytes += recordBytes(record)
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      return Promise.reject(PublishError.refused('full', 'the event log is busy: more records wait than it takes on'))
    }
    const nowMs = performance.now()
    const call = new PublishCall(records.length, nowMs + deadlineMs)
    for (const [index, record] of records.entries()) {
      const key = Buffer.from(record.key, 'utf8')
      const lane = this.#laneOf(record.topic, key)
      const { value, headers } = record
      lane.add({ key, value, headers, bytes: recordBytes(record), call, index }, nowMs)
      this.#active.add(lane)
    }
    this.#bytes += bytes
    this.#freshBytes += bytes
    this.#freshRecords += records.length
    this.#calls.add(call)
    if (this.#isFull()) void this.#dispatch()
    else this.#wakeAt(nowMs + this.#options.lingerMs)
    return call.promise
  }

  /** Refuses new calls and resolves when those accepted have ended, or nobody knows after a while. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#calls.close(CLOSE_TIMEOUT_MS)
    clearTimeout(this.#timer)
    this.#active.clear()
  }

  #laneOf(topic: string, key: Buffer): Lane {
    const partitions = this.#options.partitionsOf(topic)
    const partition = partitionOfHash(murmur2(key), partitions)
    let lanes = this.#lanes.get(topic)
    if (lanes === undefined) {
      lanes = Array.from({ length: partitions })
      this.#lanes.set(topic, lanes)
    }
    return (lanes[partition] ??= new Lane(topic, partition))
  }

  #isFull(): boolean {
    return this.#freshBytes >= FULL_BYTES || this.#freshRecords >= FULL_RECORDS
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => void this.#dispatch(), Math.max(1, atMs - performance.now()))
  }

  async #dispatch(): Promise<void> {
    this.#again = true
    // Also during another round, whose end sets the next timer: one that has fired is none to wait for.
    clearTimeout(this.#timer)
    this.#timerAtMs = Number.POSITIVE_INFINITY
    if (this.#dispatching) return
    this.#dispatching = true
    while (this.#again) {
      this.#again = false
      const lingerMs = this.#isFull() ? 0 : this.#options.lingerMs
      await this.#sendDue(lingerMs)
    }
    this.#dispatching = false
    const isQuiet = [...this.#requests.values()].every((count) => count === 0)
    for (const lane of this.#active) {
      const dueAtMs = lane.dueAtMs(this.#options.lingerMs)
      // What is due and could not be sent waits for a busy broker, and goes when its answer has come.
      if (dueAtMs !== undefined && (isQuiet || dueAtMs > performance.now())) this.#wakeAt(dueAtMs)
    }
  }

  async #sendDue(lingerMs: number): Promise<void> {
    const nowMs = performance.now()
    const dueWithin = (waitMs: number): Lane[] =>
      [...this.#active].filter((lane) => (lane.dueAtMs(waitMs) ?? Number.POSITIVE_INFINITY) <= nowMs)
    if (dueWithin(lingerMs).length === 0) return
    // Whatever else waits goes along: it costs no request of its own.
    const due = new Set(dueWithin(0))
    try {
      const leaders = new Map<Lane, number>()
      for (const [topic, lanes] of Map.groupBy(due, (lane) => lane.topic)) {
        const found = await this.#allowed(lanes, () => this.#options.connection.leaders(topic))
        for (const lane of lanes) {
          if (found === undefined) due.delete(lane)
          else leaders.set(lane, found[lane.partition] ?? -1)
        }
      }
      this.#identity ??= await this.#allowed([...due], () => this.#options.connection.newProducerIdentity())
      if (this.#identity !== undefined) this.#sendTo(leaders, this.#identity)
    } catch (error) {
      this.#postpone([...due], toKafkaError(error))
      await this.#options.connection.refresh().catch(() => undefined)
    }
  }

  /** Undefined when the user may not: then what waits is refused, for it would wait in vain. */
  async #allowed<T>(lanes: readonly Lane[], request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request()
    } catch (error) {
      const failure = toKafkaError(error)
      if (!isDenied(failure)) throw error
      for (const lane of lanes) {
        for (let batch = lane.head(NO_IDENTITY, 0); batch !== undefined; batch = lane.head(NO_IDENTITY, 0)) {
          this.#refuse({ lane, batch }, failure)
        }
      }
      return undefined
    }
  }

  /** One request to each broker, or several where identities differ. */
  #sendTo(leaders: ReadonlyMap<Lane, number>, current: ProducerIdentity): void {
    const requests = new Map<
      string,
      { leader: number; identity: ProducerIdentity; sendings: Sending[]; bytes: number }
    >()
    for (const [lane, leader] of leaders) {
      if ((this.#requests.get(leader) ?? 0) >= MAX_REQUESTS_PER_BROKER) continue
      const batch = lane.head(current, performance.now())
      if (batch === undefined || lane.identity === undefined) {
        if (lane.isEmpty) this.#active.delete(lane)
        continue
      }
      const own = batch.isAlone ? ` ${lane.topic}/${lane.partition}` : ''
      const name = `${leader} ${lane.identity.id} ${lane.identity.epoch}${own}`
      const request = requests.get(name) ?? { leader, identity: lane.identity, sendings: [], bytes: 0 }
      if (request.bytes > 0 && request.bytes + batch.bytes > MAX_REQUEST_BYTES) {
        this.#again = true
        continue
      }
      requests.set(name, request)
      request.bytes += batch.bytes
      request.sendings.push({ lane, batch })
      lane.isInFlight = true
    }
    this.#freshBytes = 0
    this.#freshRecords = 0
    for (const { leader, identity, sendings } of requests.values()) void this.#send(leader, identity, sendings)
  }

  async #send(leader: number, identity: ProducerIdentity, sendings: readonly Sending[]): Promise<void> {
    this.#requests.set(leader, (this.#requests.get(leader) ?? 0) + 1)
    for (const { batch } of sendings) for (const { call } of batch.records) call.sent()
    try {
      const batches = sendings.map(({ lane, batch }) => ({
        topic: lane.topic,
        partition: lane.partition,
        firstSequence: batch.firstSequence,
        records: batch.records,
      }))
      const offsets = await this.#options.connection.produce(leader, identity, batches)
      for (const [index, sending] of sendings.entries()) this.#stored(sending, offsets[index] ?? -1)
    } catch (error) {
      const failure = toKafkaError(error)
      this.#failed(sendings, failure)
      if (failure.canRetry || failure.isLoginRefused) {
        await this.#options.connection.refresh().catch(() => undefined)
      }
    } finally {
      this.#requests.set(leader, (this.#requests.get(leader) ?? 1) - 1)
      for (const { lane } of sendings) lane.isInFlight = false
      void this.#dispatch()
    }
  }

  #stored({ lane, batch }: Sending, firstOffset: number): void {
    const { topic, partition } = lane
    for (const [index, record] of batch.records.entries()) {
      record.call.stored(record.index, { topic, partition, offset: firstOffset + index })
    }
    lane.notBeforeMs = 0
    this.#failures = 0
    this.#isLoginRefused = false
    this.#settle({ lane, batch })
  }

  #failed(sendings: readonly Sending[], failure: KafkaError): void {
    // What was under way when a session was to be renewed in vain may have been written.
    const isCertain = isCertainlyNotWritten(failure) && !failure.isLoginRefused
    const { log } = this.#options
    // kafkajs tells of one error in an answer: with several batches nobody knows whose it is. Sending each again by
    // itself writes nothing twice, because the sequences are the same.
    if (sendings.length > 1 && isCertain) {
      for (const { batch } of sendings) {
        batch.isAlone = true
        batch.sharedFailure = failure.type
      }
      return
    }
    for (const { lane, batch } of sendings) {
      // The same error again was its own then too. With another one it may have been among those that were written.
      batch.isDoubtful ||= batch.sharedFailure !== undefined && batch.sharedFailure !== failure.type
      const place = { topic: lane.topic, partition: lane.partition, records: batch.records.length }
      if (hasLostIdentity(failure)) {
        log.warn({ ...place, err: failure, doubtful: batch.isDoubtful }, 'the producer goes on under a new identity')
        this.#retire(lane)
      } else if (isTooLarge(failure) && batch.records.length > 1) {
        lane.splitHead()
        continue
      } else if (!failure.canRetry && !failure.isLoginRefused) {
        this.#refuse({ lane, batch }, failure)
        continue
      }
      batch.isDoubtful ||= !isCertain
      if (performance.now() - batch.formedAtMs > DELIVERY_TIMEOUT_MS) this.#giveUp({ lane, batch }, failure)
      else this.#postpone([lane], failure)
    }
  }

  #refuse(sending: Sending, failure: KafkaError): void {
    const { lane, batch } = sending
    const reason = isTooLarge(failure) ? 'too large' : 'not allowed'
    const refusal = PublishError.refused(reason, `${lane.topic}/${lane.partition}: ${failure.message}`)
    for (const [call, records] of recordsByCall(batch)) call.refused(records, !batch.isDoubtful, refusal)
    // The broker has not counted the batch: later ones would leave a gap.
    this.#retire(lane)
    this.#settle(sending)
  }

  #giveUp(sending: Sending, failure: KafkaError): void {
    const { lane, batch } = sending
    for (const { call } of batch.records) {
      call.reject(PublishError.unknown('connection lost', `${lane.topic}: ${failure.message}`, failure))
    }
    this.#retire(lane)
    this.#settle(sending)
  }

  #settle({ lane, batch }: Sending): void {
    lane.settleHead()
    if (lane.isEmpty) this.#active.delete(lane)
    this.#bytes -= batch.bytes
    for (const { call } of batch.records) this.#calls.forgetIfSettled(call)
  }

  #retire(lane: Lane): void {
    if (this.#identity === lane.identity) this.#identity = undefined
    lane.loseIdentity()
  }

  #postpone(lanes: readonly Lane[], failure: KafkaError): void {
    const { log, random } = this.#options
    const waitMs = backoffMs(this.#failures, { ...RETRY, random })
    const fields = { err: failure, waitMs, partitions: lanes.length, failures: this.#failures }
    // One warning an outage: each partition fails several times a second in it.
    if (failure.isLoginRefused && !this.#isLoginRefused) {
      log.warn(fields, 'Kafka refuses the credentials: no record is sent until it takes them')
    } else if (this.#failures === 0) log.warn(fields, 'sending records failed and will be tried again')
    else log.debug(fields, 'sending records failed again')
    this.#failures += 1
    this.#isLoginRefused ||= failure.isLoginRefused
    for (const lane of lanes) lane.notBeforeMs = performance.now() + waitMs
  }

  #dropOverdue(): void {
    for (const lane of this.#active) {
      this.#bytes -= lane.dropSettled()
      if (lane.isEmpty) this.#active.delete(lane)
    }
  }
}
