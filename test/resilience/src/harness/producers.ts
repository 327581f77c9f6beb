import { setTimeout } from 'node:timers/promises'
import type { Ledger, LedgerEntry } from './ledger.ts'

export interface ProducerOptions {
  readonly url: string
  readonly key: string
  readonly ledger: Ledger
  readonly sources: number
  /** Number of the first of them; sources of one ledger need numbers of their own. Default 0. */
  readonly firstSource?: number
  readonly batchEvents: number
  /** All sources together; as fast as they can when not given. */
  readonly eventsPerSecond?: number
  readonly users: number
  /** What a source sends as its event of that number: always the same. Default: the harness's own. */
  readonly eventOf?: (source: number, sequence: number) => ProducedEvent
}

export interface ProducedEvent {
  readonly messageId: string
}

export interface ProducerCounts {
  /** Calls that were answered with 200. */
  acknowledged: number
  /** Calls that were answered with something else, or not: made again, with the same events. */
  repeated: number
  /** Answers besides 200, by status; 0 for none. */
  readonly statuses: Map<number, number>
}

const pauseMs = 100

/** Each tenth event is of another kind than views: what it does to others than its visitor must be counted too. */
const [ordersAt, linksAt, namelessAt] = [3, 6, 9]
/** A device that was linked is what views without a user: its state has two writers then. */
const sinceLinked = namelessAt - linksAt

/**
 * The event of a source's sequence number: everything about it follows from the two. Seven of ten are views; the others
 * an order of two items, a link of a user with a device that several users have, and a view by such a device alone.
 * A device has at most two users of each source; more than 64 in all would be more than the state keeps.
 */
export function eventOf(source: number, sequence: number, users: number) {
  const messageId = `${source}-${sequence}`
  const userId = `user-${(sequence * 7 + source * 31) % users}`
  const deviceAt = (number: number): string => `device-${(number * 3) % Math.ceil(users / 2)}`
  const item = (number: number): string => `item-${(sequence * 13 + source + number) % 50}`
  const view = { type: 'track', messageId, event: 'Product Viewed', properties: { product_id: item(0) } }
  switch (sequence % 10) {
    case ordersAt: {
      const products = [0, 1].map((number) => ({ product_id: item(number), quantity: number + 1, price: 2.5 }))
      return { type: 'track', messageId, userId, event: 'Order Completed', properties: { currency: 'EUR', products } }
    }
    case linksAt:
      return { type: 'identify', messageId, userId, anonymousId: deviceAt(sequence) }
    case namelessAt:
      return { ...view, anonymousId: deviceAt(sequence - sinceLinked) }
    default:
      return { ...view, userId }
  }
}

/** Clients that send events until they are stopped, and send again what was not acknowledged, as any sound client does. */
export class Producers {
  readonly counts: ProducerCounts = { acknowledged: 0, repeated: 0, statuses: new Map() }
  readonly #options: ProducerOptions
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#running = Promise.all(
      Array.from({ length: options.sources }, (_, index) => this.#run((options.firstSource ?? 0) + index)),
    ).then(() => undefined)
  }

  /** No new events from now on; resolves when every call under way has been acknowledged. */
  async stop(): Promise<ProducerCounts> {
    this.#stopping.abort()
    await this.#running
    return this.counts
  }

  async #run(source: number): Promise<void> {
    const { batchEvents, eventsPerSecond, sources, users, ledger } = this.#options
    const next = this.#options.eventOf ?? ((of: number, sequence: number) => eventOf(of, sequence, users))
    const everyMs = eventsPerSecond === undefined ? 0 : (1000 * batchEvents * sources) / eventsPerSecond
    let dueMs = performance.now()
    for (let sequence = 0; !this.#stopping.signal.aborted; sequence += batchEvents) {
      const batch = Array.from({ length: batchEvents }, (_, at) => next(source, sequence + at))
      await this.#sendUntilAcknowledged(JSON.stringify({ batch }))
      const acknowledgedAtMs = Date.now()
      await ledger.add(
        batch.map(({ messageId }, at): LedgerEntry => ({
          source,
          sequence: sequence + at,
          messageId,
          acknowledgedAtMs,
        })),
      )
      dueMs += everyMs
      const earlyMs = dueMs - performance.now()
      if (earlyMs > 0) await setTimeout(earlyMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    }
  }

  async #sendUntilAcknowledged(body: string): Promise<void> {
    for (;;) {
      const status = await this.#send(body)
      if (status === 200) {
        this.counts.acknowledged += 1
        return
      }
      if (status >= 400 && status < 500 && status !== 429) throw new Error(`a sound batch was refused with ${status}`)
      this.counts.repeated += 1
      this.counts.statuses.set(status, (this.counts.statuses.get(status) ?? 0) + 1)
      await setTimeout(pauseMs)
    }
  }

  async #send(body: string): Promise<number> {
    const { url, key } = this.#options
    try {
      const answer = await fetch(`${url}/v1/batch`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(30_000),
      })
      await answer.arrayBuffer()
      return answer.status
    } catch {
      // The connection broke or nobody was there: nobody knows what became of the call.
      return 0
    }
  }
}
