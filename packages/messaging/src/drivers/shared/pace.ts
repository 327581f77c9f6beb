/** Those who are woken together look together. */
const SAME_MOMENT_MS = 2

/**
 * Turns for the partitions of one subscriber that are up to date: the first comes at once, the next after an interval,
 * for all of them at the same moment. Batches grow with the load instead of their number, and what the partitions write
 * shares its commits.
 */
export class Pace {
  readonly #intervalMs: number
  #lastTurnAtMs = Number.NEGATIVE_INFINITY
  #next: { readonly turn: Promise<void>; readonly come: () => void } | undefined
  #closed = false

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /**
   * Resolves when it is time to look for records; undefined when that is now. Whoever has had a batch at this moment
   * already says when: it waits for the next one.
   */
  turn(lastBatchAtMs = Number.NEGATIVE_INFINITY): Promise<void> | undefined {
    if (this.#closed) return undefined
    if (this.#next !== undefined) return this.#next.turn
    const now = performance.now()
    if (now - this.#lastTurnAtMs < SAME_MOMENT_MS && lastBatchAtMs < this.#lastTurnAtMs) return undefined
    const waitMs = this.#lastTurnAtMs + this.#intervalMs - now
    if (waitMs <= 0) {
      this.#lastTurnAtMs = now
      return undefined
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(() => this.#come(), waitMs)
    this.#next = {
      turn: promise,
      come: () => {
        clearTimeout(timer)
        resolve()
      },
    }
    return promise
  }

  /** Ends all waiting, now and from now on. */
  close(): void {
    this.#closed = true
    this.#come()
  }

  #come(): void {
    this.#lastTurnAtMs = performance.now()
    this.#next?.come()
    this.#next = undefined
  }
}
