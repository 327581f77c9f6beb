interface Place {
  readonly atMs: number
  readonly offset: number
}

/** One place a second is enough to go back to. */
const stepMs = 1000

/** Where in each partition this process was, as far back as `windowMs` of the clock handed in. */
export class RecentPlaces {
  readonly #windowMs: number
  readonly #now: () => number
  readonly #places = new Map<number, Place[]>()

  constructor(windowMs: number, now: () => number = () => performance.now()) {
    this.#windowMs = windowMs
    this.#now = now
  }

  /** To be called before records from `offset` on take effect. */
  note(partition: number, offset: number): void {
    const nowMs = this.#now()
    const places = this.#places.get(partition) ?? []
    this.#places.set(partition, places)
    const last = places.at(-1)
    if (last !== undefined && offset >= last.offset && nowMs - last.atMs < stepMs) return
    places.push({ atMs: nowMs, offset })
    // The place before the window's first is where the window begins.
    while (places[1] !== undefined && places[1].atMs <= nowMs - this.#windowMs) places.shift()
  }

  /** An offset from which on everything is that took effect within the window; undefined when nothing did. */
  startOf(partition: number): number | undefined {
    const places = this.#places.get(partition)
    return places === undefined ? undefined : Math.min(...places.map(({ offset }) => offset))
  }
}
