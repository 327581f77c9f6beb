/** Where a group began to work at some time of the wall clock. */
export interface TrailPlace {
  readonly atMs: number
  readonly offset: number
}

const STEPS = 6
const MARK = '\ntrail '
const WRITTEN = /^([\s\S]*)\ntrail ((?:\d+:\d+ ?)+)$/

/**
 * Where a group was in one partition during the last `windowMs` of the wall clock. It goes with each checkpoint to whoever
 * has the partition next, since append time does not say when a backlog was worked off: an hour of it may take a minute.
 */
export class RewindTrail {
  readonly #windowMs: number
  readonly #now: () => number
  #places: TrailPlace[]

  /** @param inherited Of whoever had the partition before. */
  constructor(windowMs: number, inherited: readonly TrailPlace[], now: () => number = Date.now) {
    this.#windowMs = windowMs
    this.#now = now
    this.#places = [...inherited]
  }

  /**
   * To be called before records from `offset` on take effect, at each attempt. What is read again after a rewind has
   * its place already: else a process that keeps crashing would go back further each time.
   */
  note(offset: number): void {
    if (this.#windowMs <= 0) return
    const nowMs = this.#now()
    const last = this.#places.at(-1)
    const isKnown = last !== undefined && (offset < last.offset || nowMs - last.atMs < this.#windowMs / STEPS)
    if (!isKnown) this.#places.push({ atMs: nowMs, offset })
    // The place before the window's first is where the window begins.
    while (this.#places[1] !== undefined && this.#places[1].atMs <= nowMs - this.#windowMs) this.#places.shift()
  }

  /** The group was moved: what follows takes effect anew. */
  clear(): void {
    this.#places = []
  }

  /** Oldest first. */
  get places(): readonly TrailPlace[] {
    return this.#places
  }
}

/** A checkpoint's metadata with the trail behind it. */
export function writeTrail(metadata: string, places: readonly TrailPlace[]): string {
  if (places.length === 0) return metadata
  return `${metadata}${MARK}${places.map(({ atMs, offset }) => `${atMs}:${offset}`).join(' ')}`
}

export function readTrail(text: string): { readonly metadata: string; readonly trail: readonly TrailPlace[] } {
  const [, metadata, written] = WRITTEN.exec(text) ?? []
  if (metadata === undefined || written === undefined) return { metadata: text, trail: [] }
  const trail = written.split(' ').map((place) => {
    const [atMs, offset] = place.split(':')
    return { atMs: Number(atMs), offset: Number(offset) }
  })
  return { metadata, trail }
}
