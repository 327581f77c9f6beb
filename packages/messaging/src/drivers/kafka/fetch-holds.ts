import { backoffMs } from '@rapport/core'

const WAIT = { baseMs: 500, maxMs: 60_000 }

interface Hold {
  readonly offset: number
  readonly failures: number
  readonly timer: NodeJS.Timeout
  isOver: boolean
}

/** Partitions that are left out of the requests for a while, each with waits of its own that grow with its failures. */
export class FetchHolds {
  readonly #holds = new Map<string, Hold>()
  readonly #random: () => number
  readonly #onOver: () => void

  constructor(random: () => number, onOver: () => void) {
    this.#random = random
    this.#onOver = onOver
  }

  isHeld(place: string): boolean {
    return this.#holds.get(place)?.isOver === false
  }

  /** Leaves it out; counts on where it has failed at the same offset before. */
  hold(place: string, offset: number): { readonly waitMs: number; readonly failures: number } {
    const standing = this.#holds.get(place)
    const failures = standing?.offset === offset ? standing.failures + 1 : 0
    clearTimeout(standing?.timer)
    const waitMs = backoffMs(failures, { ...WAIT, random: this.#random })
    const end = (): void => {
      hold.isOver = true
      this.#onOver()
    }
    const hold: Hold = { offset, failures, timer: setTimeout(end, waitMs), isOver: false }
    this.#holds.set(place, hold)
    return { waitMs, failures }
  }

  /** It is fetched again, and well. */
  release(place: string): void {
    clearTimeout(this.#holds.get(place)?.timer)
    this.#holds.delete(place)
  }

  clear(): void {
    for (const place of this.#holds.keys()) this.release(place)
  }
}
