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

function bytesOf(footprints: Iterable<Footprint>): number {
  const shared = new Map<string, number>()
  let own = 0
  for (const footprint of footprints) {
    own += footprint.bytes
    if (footprint.shared !== undefined) shared.set(footprint.shared.key, footprint.shared.bytes)
  }
  return shared.values().reduce((sum, bytes) => sum + bytes, own)
}

/** Counts the memory of every model: serving, being loaded, and retired but still leased. */
export class MemoryBudget {
  readonly totalBytes: number
  readonly #drainMs: number
  readonly #held = new Set<Footprint>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(totalBytes: number, drainMs: number) {
    this.totalBytes = totalBytes
    this.#drainMs = drainMs
  }

  get usedBytes(): number {
    return bytesOf(this.#held)
  }

  release(footprint: Footprint): void {
    this.#held.delete(footprint)
  }

  /**
   * Takes the memory of `wanted`, evicting the least recently used as needed and waiting for their leases. False, with nothing
   * evicted, when evicting everything would not be enough; false as well when leases are not given back in time.
   */
  reserve(wanted: Footprint, candidates: () => readonly Evictable[]): Promise<boolean> {
    const attempt = this.#turn.then(() => this.#reserve(wanted, candidates()))
    this.#turn = attempt.catch(() => undefined)
    return attempt
  }

  async #reserve(wanted: Footprint, candidates: readonly Evictable[]): Promise<boolean> {
    const evictable = new Set(candidates.map(({ footprint }) => footprint))
    if (!this.#fits(this.#held.difference(evictable), wanted)) return false
    const remaining = new Set(this.#held)
    const releases: Promise<void>[] = []
    for (const candidate of candidates.toSorted((left, right) => left.lastUsed - right.lastUsed)) {
      if (this.#fits(remaining, wanted)) break
      remaining.delete(candidate.footprint)
      releases.push(candidate.evict().released)
    }
    await this.#settled(releases)
    if (!this.#fits(this.#held, wanted)) return false
    this.#held.add(wanted)
    return true
  }

  #fits(held: ReadonlySet<Footprint>, wanted: Footprint): boolean {
    return bytesOf([...held, wanted]) <= this.totalBytes
  }

  async #settled(releases: readonly Promise<void>[]): Promise<void> {
    if (releases.length === 0) return
    const timeUp = new AbortController()
    const deadline = delay(this.#drainMs, undefined, { signal: timeUp.signal, ref: false }).catch(() => undefined)
    await Promise.race([Promise.all(releases), deadline])
    timeUp.abort()
  }
}
