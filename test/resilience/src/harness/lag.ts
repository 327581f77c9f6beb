import { setTimeout } from 'node:timers/promises'
import { featureGroup, topics } from '@rapport/contracts'
import type { EventLog, PartitionExtent } from '@rapport/messaging'
import type { Drivers } from '@rapport/service-kit'

const lookEveryMs = 250
/** The longest silence after which a killed consumer's partitions move. */
const sessionMs = 15_000

/** Records of the events' topic, below its ends, that the feature processes have not done. */
export async function recordsBehind(eventLog: EventLog, ends: readonly PartitionExtent[]): Promise<number> {
  const checkpoints = await eventLog.checkpoints(featureGroup, topics.events.name)
  return ends.reduce((sum, { partition, firstOffset, nextOffset }) => {
    const done = Math.max(firstOffset, checkpoints.get(partition)?.nextOffset ?? 0)
    return sum + Math.max(0, nextOffset - done)
  }, 0)
}

/**
 * Resolves when the feature processes have applied everything that stands in the events' topic.
 * @throws Error when records are left and have not become fewer for a while.
 */
export async function caughtUp(connect: () => Promise<Drivers>): Promise<void> {
  await using drivers = await connect()
  const ends = await drivers.eventLog.extents(topics.events.name)
  let [least, movedAtMs] = [Number.POSITIVE_INFINITY, performance.now()]
  for (;;) {
    const behind = await recordsBehind(drivers.eventLog, ends)
    if (behind === 0) return
    if (behind < least) [least, movedAtMs] = [behind, performance.now()]
    if (performance.now() - movedAtMs > 4 * sessionMs) {
      throw new Error(`${behind} records are not applied and have not become fewer for ${(4 * sessionMs) / 1000} s`)
    }
    await setTimeout(100)
  }
}

/** Measures for how long the feature processes are behind by more than is normal. */
export class LagWatch implements AsyncDisposable {
  /** Every time that has ended, in seconds. */
  readonly seconds: number[] = []
  readonly #connect: () => Promise<Drivers>
  readonly #normalRecords: number
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #behindSinceMs: number | undefined
  #behind = 0

  constructor(connect: () => Promise<Drivers>, normalRecords: number) {
    this.#connect = connect
    this.#normalRecords = normalRecords
    this.#running = this.#run()
  }

  /** Records, at the last look. */
  get behind(): number {
    return this.#behind
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    await using drivers = await this.#connect()
    const { eventLog } = drivers
    while (!this.#stopping.signal.aborted) {
      this.#note(await recordsBehind(eventLog, await eventLog.extents(topics.events.name)))
      await setTimeout(lookEveryMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    }
  }

  #note(behind: number): void {
    const nowMs = performance.now()
    this.#behind = behind
    if (behind > this.#normalRecords) this.#behindSinceMs ??= nowMs
    else if (this.#behindSinceMs !== undefined) {
      this.seconds.push((nowMs - this.#behindSinceMs) / 1000)
      this.#behindSinceMs = undefined
    }
  }
}
