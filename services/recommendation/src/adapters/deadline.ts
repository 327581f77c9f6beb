import { RapportError } from '@rapport/core'

/** What was waited for did not come in time. */
export class DeadlineError extends RapportError {
  override readonly name = 'DeadlineError'

  constructor(what: string, deadlineMs: number) {
    super('RPT_RECOMMENDATION_DEADLINE', `${what} did not answer within ${deadlineMs} ms`, { canRetry: true })
  }
}

/**
 * The promise's outcome, or a DeadlineError after `deadlineMs`; a rejection that comes later is nobody's and is dropped.
 */
export function within<T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), deadlineMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}

interface Wait {
  readonly untilMs: number
  settled: boolean
  readonly expire: () => void
}

/** `within` for a dependency that every request asks: one timer for all who wait, since each waits equally long. */
export class TimeLimit {
  readonly #limitMs: number
  readonly #what: string
  /** In the order in which they expire; those settled since the timer was set are among them. */
  #waits: Wait[] = []
  #sweepIsDue = false

  constructor(limitMs: number, what: string) {
    this.#limitMs = limitMs
    this.#what = what
  }

  /** The promise's outcome, or a DeadlineError; a rejection that comes later is dropped. */
  within<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const expire = (): void => reject(new DeadlineError(this.#what, this.#limitMs))
      const wait: Wait = { untilMs: performance.now() + this.#limitMs, settled: false, expire }
      this.#waits.push(wait)
      if (!this.#sweepIsDue) this.#sweepAfter(this.#limitMs)
      promise.then(
        (value) => {
          wait.settled = true
          resolve(value)
        },
        (error: unknown) => {
          wait.settled = true
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }

  #sweepAfter(waitMs: number): void {
    this.#sweepIsDue = true
    setTimeout(() => this.#sweep(), waitMs)
  }

  #sweep(): void {
    this.#sweepIsDue = false
    const nowMs = performance.now()
    this.#waits = this.#waits.filter((wait) => {
      if (wait.settled) return false
      if (wait.untilMs > nowMs) return true
      wait.expire()
      return false
    })
    const [next] = this.#waits
    if (next !== undefined) this.#sweepAfter(Math.ceil(next.untilMs - nowMs))
  }
}
