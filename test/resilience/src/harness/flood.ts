import type { Ledger } from './ledger.ts'
import { Load, type Answer } from './load.ts'

export interface FloodOptions {
  readonly url: string
  readonly key: string
  readonly ledger: Ledger
  /** Of its events in the ledger. */
  readonly source: number
  readonly users: number
}

const callsPerSecond = 40
const eventsPerCall = 100
/** About as large as events with many properties are; four thousand of them a second are 16 MB. */
const padding = 'x'.repeat(4_000)

/** Batches of views, 40 calls and 4,000 events a second, from callers that wait for nobody and send nothing again. */
export class Flood {
  readonly #options: FloodOptions
  readonly #load: Load
  /** Bytes of the calls' bodies until now. */
  sentBytes = 0

  constructor(options: FloodOptions) {
    const { url, key, users, source } = options
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    this.#options = options
    this.#load = new Load({
      perSecond: callsPerSecond,
      next: (number) => {
        const batch = messageIds(source, number).map((messageId, at) => ({
          type: 'track',
          messageId,
          userId: `user-${(number + at) % users}`,
          event: 'Product Viewed',
          properties: { product_id: `item-${at % 50}`, padding },
        }))
        const body = JSON.stringify({ batch })
        this.sentBytes += body.length
        return { url: `${url}/v1/batch`, init: { method: 'POST', headers, body } }
      },
    })
  }

  get answers(): readonly Answer[] {
    return this.#load.answers
  }

  /** Resolves when every call has its answer and what was acknowledged stands in the ledger. */
  async stop(): Promise<readonly Answer[]> {
    const { ledger, source } = this.#options
    const answers = await this.#load.stop()
    const acknowledgedAtMs = Date.now()
    for (const { number, status } of answers) {
      if (status !== 200) continue
      await ledger.add(
        messageIds(source, number).map((messageId, at) => {
          return { source, sequence: number * eventsPerCall + at, messageId, acknowledgedAtMs }
        }),
      )
    }
    return answers
  }
}

const messageIds = (source: number, call: number): string[] =>
  Array.from({ length: eventsPerCall }, (_, at) => `${source}-${call * eventsPerCall + at}`)
