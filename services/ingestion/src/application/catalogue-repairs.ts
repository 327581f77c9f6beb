import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '@rapport/core'
import type { OnlineStore } from '@rapport/online-store'

/** How long after a reconnect documents may stand that the store has taken back, while nobody asks for them. */
const pollMs = 500

export interface CatalogueRepairsOptions {
  readonly onlineStore: Pick<OnlineStore, 'session'>
  readonly log: Log
  readonly repair: (signal: AbortSignal) => Promise<void>
}

/** Repairs of the catalogue: one at a time, at the start, after every session of the online store, and when somebody asks. */
export class CatalogueRepairs implements AsyncDisposable {
  readonly #options: CatalogueRepairsOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #watching: Promise<void> | undefined

  constructor(options: CatalogueRepairsOptions) {
    this.#options = options
  }

  /** Joins the repair that runs, which may have begun before what the caller has seen, or begins one. */
  run(): Promise<void> {
    this.#running ??= this.#options.repair(this.#stopping.signal).finally(() => (this.#running = undefined))
    return this.#running
  }

  /** Repairs now, and again whenever the session has changed since. */
  watch(): void {
    this.#watching ??= this.#watch()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#watching
    await this.#running?.catch(() => undefined)
  }

  async #watch(): Promise<void> {
    const { onlineStore, log } = this.#options
    const { signal } = this.#stopping
    let repaired: number | undefined
    do {
      const { session } = onlineStore
      if (session !== repaired) {
        try {
          // One that runs already may have read documents of the last session.
          await this.#running?.catch(() => undefined)
          await this.run()
          repaired = session
        } catch (error) {
          if (!signal.aborted) log.warn({ err: error }, 'the catalogue could not be compared with its topic yet')
        }
      }
      await wait(pollMs, undefined, { signal, ref: false }).catch(() => undefined)
    } while (!signal.aborted)
  }
}
