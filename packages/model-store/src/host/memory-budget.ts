import { setTimeout as delay } from 'node:timers/promises'

/** Memory that models hold together, so that it counts once: all of the same key. */
export interface SharedMemory {
  readonly key: string
  readonly bytes: number
}

/** Memory of one model. The object itself stands for the model: no two share one. */
export interface Footprint {
  /** Its own. */
  readonly bytes: number
  readonly shared?: SharedMemory | undefined
}

/** What the budget can take back to make room. */
export interface Evictable {
  readonly footprint: Footprint
  readonly lastUsed: number
  /** Drops the model; `released` resolves when its last lease has ended. */
  evict(): { readonly released: Promise<void> }
}

export interface MemoryBudgetOptions {
  readonly totalBytes: number
  /** How long an eviction waits for leases. */
  readonly drainMs: number
  /** Whether shared memory of a key counts in another budget now, and so not in this one. Never when absent. */
  readonly countsElsewhere?: (key: string) => boolean
}

/** Counts the memory of every model: serving, being loaded, and retired but still leased. */
export class MemoryBudget {
  readonly totalBytes: number
  readonly #drainMs: number
  readonly #countsElsewhere: (key: string) => boolean
  readonly #held = new Set<Footprint>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ totalBytes, drainMs, countsElsewhere = () => false }: MemoryBudgetOptions) {
    this.totalBytes = totalBytes
    this.#drainMs = drainMs
    this.#countsElsewhere = countsElsewhere
  }

  get usedBytes(): number {
    return this.#bytesOf(this.#held)
  }

  /** Whether shared memory of the key counts here or elsewhere. */
  counts(key: string): boolean {
    return this.#countsElsewhere(key) || this.#held.values().some(({ shared }) => shared?.key === key)
  }

  release(footprint: Footprint): void {
    this.#held.delete(footprint)
  }

  /**
   * Takes the memory of `wanted`, evicting the least recently used as needed and waiting for their leases. False, with nothing
   * evicted, when evicting everything would not be enough; false as well when leases are not given back in time.
   */
  reserve(wanted: Footprint, candidates: () => readonly Evictable[]): Promise<boolean> {
    return this.#inTurn(() => this.#reserve(wanted, candidates()))
  }

  /** Evicts the least recently used where shared memory that counted elsewhere counts here now, and is too much. */
  async trim(candidates: () => readonly Evictable[]): Promise<void> {
    if (this.#fits(this.#held)) return
    await this.#inTurn(() => this.#settled(this.#evictUntilFits(candidates())))
  }

  #inTurn<R>(act: () => Promise<R>): Promise<R> {
    const attempt = this.#turn.then(act)
    this.#turn = attempt.catch(() => undefined)
    return attempt
  }

  async #reserve(wanted: Footprint, candidates: readonly Evictable[]): Promise<boolean> {
    const evictable = new Set(candidates.map(({ footprint }) => footprint))
    if (!this.#fits(this.#held.difference(evictable), wanted)) return false
    await this.#settled(this.#evictUntilFits(candidates, wanted))
    if (!this.#fits(this.#held, wanted)) return false
    this.#held.add(wanted)
    return true
  }

  #evictUntilFits(candidates: readonly Evictable[], wanted?: Footprint): readonly Promise<void>[] {
    const remaining = new Set(this.#held)
    const releases: Promise<void>[] = []
    for (const candidate of candidates.toSorted((left, right) => left.lastUsed - right.lastUsed)) {
      if (this.#fits(remaining, wanted)) break
      remaining.delete(candidate.footprint)
      releases.push(candidate.evict().released)
    }
    return releases
  }

  #fits(held: ReadonlySet<Footprint>, wanted?: Footprint): boolean {
    return this.#bytesOf(wanted === undefined ? held : [...held, wanted]) <= this.totalBytes
  }

  #bytesOf(footprints: Iterable<Footprint>): number {
    const shared = new Map<string, number>()
    let own = 0
    for (const footprint of footprints) {
      own += footprint.bytes
      if (footprint.shared !== undefined) shared.set(footprint.shared.key, footprint.shared.bytes)
    }
    return shared.entries().reduce((sum, [key, bytes]) => sum + (this.#countsElsewhere(key) ? 0 : bytes), own)
  }

  async #settled(releases: readonly Promise<void>[]): Promise<void> {
    if (releases.length === 0) return
    const timeUp = new AbortController()
    const deadline = delay(this.#drainMs, undefined, { signal: timeUp.signal, ref: false }).catch(() => undefined)
    await Promise.race([Promise.all(releases), deadline])
    timeUp.abort()
  }
}
