import { randomUUID } from 'node:crypto'
import { rebuildCommandKey, statePartitionCount } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import type { BatchesInFlight } from '../domain/batches-in-flight.ts'
import { RebuildRecordError } from '../errors.ts'
import { RebuildRun, type LiveConsumption, type RebuildContext } from './rebuild-run.ts'

export interface RebuildOptions {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly clock: Clock
  readonly log: Log
  readonly dedupWindowMs: number
  readonly maxBatchEvents: number
}

/**
 * Rebuilds tenants' states from the archive, together with all processes that consume the topics of state. What they agree
 * on is the rebuild's record, which is replaced under compare-and-set; the topic of state commands tells them to look at it.
 *
 * 1. *Hold.* Every process claims the partitions that it consumes, leaves the tenant's events in them to the rebuild (live
 *    consumption goes on for all other tenants), and says `held` for them when the batches in flight have ended.
 * 2. *Clear.* Whoever's word completes the partitions clears the state, and gives signs of life meanwhile. When they
 *    cease another does it again. If the first had only been slow, it finds so afterwards and all begins again.
 * 3. *Replay.* Every process replays the archive of its partitions until little is left, pauses its consumption for the
 *    rest, says `done` for them and consumes the tenant's events in them again. With the last the rebuild is done.
 *
 * It rests on this:
 * - The marks of what is applied belong to a partition, so partitions are replayed independently of each other, and by two
 *   processes at once without harm: each applies a partition from its beginning, in order.
 * - What a process says of a partition is true when it is written: whether the partition is its own is asked between
 *   reading and replacing the record, so whoever gets it later reads what was said.
 * - Before the first batch of a partition its new consumer reads the commands that stand and claims the partition in each
 *   open record (`assigned`). So `held` stays true whoever consumes it; and nobody can say `done` for a partition whose events are
 *   left out elsewhere by then, as a claim takes that right away from its last holder.
 *
 * A process that stops anywhere is replaced by whoever gets its partitions, which are replayed from their beginning if they
 * were not done. What can be retried is retried for as long as it takes; anything else ends the rebuild as `failed`, for all.
 */
export class StateRebuilder implements AsyncDisposable {
  readonly #context: RebuildContext
  readonly #runs = new Map<string, RebuildRun>()
  #live: LiveConsumption | undefined
  #heavy: Promise<void> = Promise.resolve()

  constructor(options: RebuildOptions & { readonly inFlight: BatchesInFlight }) {
    this.#context = {
      ...options,
      process: randomUUID(),
      partitions: statePartitionCount,
      exclusive: (act) => this.#exclusive(act),
      live: () => this.#live,
    }
  }

  /** True when live consumption of the partition has to leave the tenant's events out. */
  readonly isHeld = (tenant: string, partition: number): boolean => {
    if (this.#runs.size === 0) return false
    for (const run of this.#runs.values()) if (run.ref.tenant === tenant && run.isHolding(partition)) return true
    return false
  }

  /** Takes a command up, or looks how far its rebuild is. */
  request(tenant: string, id: string): void {
    const key = rebuildCommandKey(tenant, id)
    const run =
      this.#runs.get(key) ??
      new RebuildRun(this.#context, { tenant, id }, () => {
        if (this.#runs.get(key) === run) this.#runs.delete(key)
      })
    this.#runs.set(key, run)
    run.wake()
  }

  /** A command was taken away: its rebuild has ended. */
  ended(key: string): void {
    this.#runs.get(key)?.wake()
  }

  /** To be awaited before the first batch of state partitions that have come to this process. */
  async assigned(partitions: readonly number[]): Promise<void> {
    for (const run of this.#runs.values()) {
      try {
        await run.claim(() => partitions)
      } catch (error) {
        if (!(error instanceof RebuildRecordError)) throw error
        // Nobody can agree on anything by it, so it holds up nobody; the run itself says what is wrong with it.
        run.wake()
      }
    }
  }

  start(live: LiveConsumption): void {
    this.#live = live
    for (const run of this.#runs.values()) run.wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run[Symbol.asyncDispose]()))
  }

  #exclusive(act: () => Promise<void>): Promise<void> {
    const done = this.#heavy.then(act)
    this.#heavy = done.catch(() => {})
    return done
  }
}
