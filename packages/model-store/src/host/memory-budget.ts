import { setTimeout as delay } from 'node:timers/promises'

/** What the budget can take back to make room. */
export interface Evictable {
  readonly bytes: number
  readonly lastUsed: number
  /** Drops the model; `released` resolves when its last lease has ended. */
  evict(): { readonly released: Promise<void> }
}

/** Counts the bytes of every model in memory: serving, being loaded, and retired but still leased. */
export class MemoryBudget {
  readonly totalBytes: number
  readonly #drainMs: number
  #usedBytes = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(totalBytes: number, drainMs: number) {
    this.totalBytes = totalBytes
    this.#drainMs = drainMs
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
  }

  /**
   * Takes `bytes`, evicting the least recently used as needed and waiting for their leases. False, with nothing evicted,
   * when evicting everything would not be enough; false as well when leases are not given back in time.
   */
  reserve(bytes: number, candidates: () => readonly Evictable[]): Promise<boolean> {
    const attempt = this.#turn.then(() => this.#reserve(bytes, candidates()))
    this.#turn = attempt.catch(() => undefined)
    return attempt
  }

  async #reserve(bytes: number, candidates: readonly Evictable[]): Promise<boolean> {
    const evictableBytes = candidates.reduce((sum, candidate) => sum + candidate.bytes, 0)
    if (this.#usedBytes - evictableBytes + bytes > this.totalBytes) return false
    let remaining = this.#usedBytes
    const releases: Promise<void>[] = []
    for (const candidate of candidates.toSorted((left, right) => left.lastUsed - right.lastUsed)) {
      if (remaining + bytes <= this.totalBytes) break
      remaining -= candidate.bytes
      releases.push(candidate.evict().released)
    }
    await this.#settled(releases)
    if (this.#usedBytes + bytes > this.totalBytes) return false
    this.#usedBytes += bytes
    return true
  }

  async #settled(releases: readonly Promise<void>[]): Promise<void> {
    if (releases.length === 0) return
    const timeUp = new AbortController()
    const deadline = delay(this.#drainMs, undefined, { signal: timeUp.signal, ref: false }).catch(() => undefined)
    await Promise.race([Promise.all(releases), deadline])
    timeUp.abort()
  }
}
