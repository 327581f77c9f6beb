import { setImmediate as nextTurn } from 'node:timers/promises'

/** Wakes whoever waits. A `notify` with nobody waiting is not kept. */
export class Signal {
  #waiters: (() => void)[] = []

  readonly notify = (): void => {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Waits for `notify`, but no longer than `timeoutMs`. */
  waitAtMost(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake)
        resolve()
      }, timeoutMs)
      this.#waiters.push(wake)
    })
  }
}

const SLICE_MS = 5

/** Lets the thread's other work run when loops that share this have held it for some milliseconds. */
export class TimeSlice {
  #startedAtMs = performance.now()

  async yieldIfLong(): Promise<void> {
    if (performance.now() - this.#startedAtMs < SLICE_MS) return
    await nextTurn()
    this.#startedAtMs = performance.now()
  }
}
