import type { EntityReading } from './entity-reading.ts'
import { parts } from './layout.ts'
import type { CountReading } from './windows.ts'

/** A counter that several features are made of. Of the entity that is told just now it is read once. */
export class CounterSource {
  readonly #part: string
  readonly #event: string
  #reading: EntityReading | undefined
  #counts: readonly CountReading[] = []
  #eventMs: number | undefined

  /** @param event The one that is counted or summed; empty where none is seen. */
  constructor(part: string, event: string) {
    this.#part = part
    this.#event = event
  }

  /** The counter of each member that has it. */
  countsOf(reading: EntityReading): readonly CountReading[] {
    this.#turnTo(reading)
    return this.#counts
  }

  /** Time of the newest event that was counted; of its bucket, where events after the reading's time hide it. */
  eventMsOf(reading: EntityReading): number | undefined {
    this.#turnTo(reading)
    return this.#eventMs
  }

  #turnTo(reading: EntityReading): void {
    if (this.#reading === reading) return
    this.#reading = reading
    this.#counts = reading.counts(this.#part)
    const seenMs = reading.fields(parts.seen).get(this.#event)?.atMs
    this.#eventMs = seenMs !== undefined && seenMs <= reading.asOfMs ? seenMs : newestBucketOf(this.#counts)
  }
}

/** Start of the newest bucket of several counters that is not after the reading's time. */
export function newestBucketOf(counts: readonly CountReading[]): number | undefined {
  let newest: number | undefined
  for (const { newestBucketMs } of counts) {
    if (newestBucketMs !== undefined && newestBucketMs > (newest ?? -1)) newest = newestBucketMs
  }
  return newest
}
