import { setTimeout as delay } from 'node:timers/promises'
import type { FencedLease, FencedLock, LeaseOptions } from '@rapport/core'

interface Holding {
  readonly token: number
  endsAt: number
}

/** The lock of one process, for tests; it can take leases away and stop answering. */
export class MemoryFencedLock implements FencedLock {
  readonly #holdings = new Map<string, Holding>()
  #lastToken: number
  /** Names in the order in which they were acquired. */
  readonly acquired: string[] = []
  released = 0
  isDown = false

  constructor(lastToken = 1000) {
    this.#lastToken = lastToken
  }

  async acquire(name: string, { ttlMs, waitMs }: LeaseOptions): Promise<FencedLease | undefined> {
    const giveUpAt = performance.now() + waitMs
    for (;;) {
      const askedAt = performance.now()
      if (this.isDown) throw new Error('the lock does not answer')
      const standing = this.#holdings.get(name)
      if (standing === undefined || standing.endsAt <= askedAt) return this.#grant(name, askedAt + ttlMs)
      if (askedAt >= giveUpAt) return undefined
      await delay(1)
    }
  }

  /** Lets everybody's leases end without telling the holders. */
  takeAllAway(): void {
    this.#holdings.clear()
  }

  isHeld(name: string): boolean {
    return (this.#holdings.get(name)?.endsAt ?? 0) > performance.now()
  }

  #grant(name: string, endsAt: number): FencedLease {
    this.#lastToken += 1
    const holding: Holding = { token: this.#lastToken, endsAt }
    this.#holdings.set(name, holding)
    this.acquired.push(name)
    const stands = (): boolean => this.#holdings.get(name) === holding && holding.endsAt > performance.now()
    return {
      token: holding.token,
      remainingMs: () => holding.endsAt - performance.now(),
      renew: async (ttlMs) => {
        if (this.isDown) throw new Error('the lock does not answer')
        if (!stands()) return false
        holding.endsAt = performance.now() + ttlMs
        return true
      },
      release: async () => {
        if (stands()) this.#holdings.delete(name)
        this.released += 1
      },
    }
  }
}
