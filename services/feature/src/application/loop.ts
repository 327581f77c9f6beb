import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs, RapportError, type Log } from '@rapport/core'

export interface LoopOptions {
  readonly log: Log
  /** Does what is due; resolves with the time after which it is to be looked at again unwoken, or nothing. */
  readonly step: (signal: AbortSignal) => Promise<number | undefined>
}

const backoff = { baseMs: 200, maxMs: 10_000 }

/** Runs a step whenever it is woken, one at a time, and again after a back-off when the step rejects. */
export class Loop implements AsyncDisposable {
  readonly #options: LoopOptions
  readonly #stopping = new AbortController()
  #isAsked = false
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: LoopOptions) {
    this.#options = options
  }

  wake(): void {
    this.#isAsked = true
    if (this.#stopping.signal.aborted) return
    this.#running ??= this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (let failures = 0; this.#isAsked && !signal.aborted;) {
      this.#isAsked = false
      clearTimeout(this.#timer)
      try {
        const againMs = await this.#options.step(signal)
        failures = 0
        if (againMs !== undefined && !signal.aborted) this.#timer = setTimeout(() => this.wake(), againMs).unref()
      } catch (error) {
        if (signal.aborted) break
        this.#isAsked = true
        const waitMs = backoffMs(failures, backoff)
        failures += 1
        this.#options.log.warn(
          { err: error, failures, waitMs },
          'a step of work on state failed and will be tried again',
        )
        await wait(waitMs, undefined, { signal }).catch(() => {})
      }
    }
    this.#running = undefined
  }
}

/** Does a thing again and again until it is known to have happened. Rejects for what cannot be retried, and when the signal aborts. */
export async function persistently<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await act()
    } catch (error) {
      if (signal.aborted || !(error instanceof RapportError && error.canRetry)) throw error
      await wait(backoffMs(failures, backoff), undefined, { signal })
    }
  }
}
