import { placeOfStatePartition } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { RecordPosition, Subscriber } from '@rapport/messaging'
import type { OnlineStore } from '@rapport/online-store'
import { RecentPlaces } from '../domain/recent-places.ts'
import { Loop } from './loop.ts'
import type { LiveConsumption } from './rebuild-run.ts'

/** How long after a reconnect nobody may notice while no events come. */
const pollMs = 500

export interface LostWritesOptions {
  readonly onlineStore: OnlineStore
  readonly log: Log
  readonly rewindMs: number
}

/**
 * A failover of the store may take back what it had acknowledged, marks included. When its session has ended, consumption
 * goes back to where it was `rewindMs` ago; until then nothing may be written, as marks that rise above what was
 * lost would hide it.
 */
export class LostWrites implements AsyncDisposable {
  readonly #options: LostWritesOptions
  readonly #places: RecentPlaces
  readonly #loop: Loop
  #session: number
  #live: (LiveConsumption & Pick<Subscriber, 'seek'>) | undefined

  constructor(options: LostWritesOptions) {
    this.#options = options
    this.#places = new RecentPlaces(options.rewindMs)
    this.#session = options.onlineStore.session
    this.#loop = new Loop({
      log: options.log,
      step: async () => {
        if (options.onlineStore.session !== this.#session) await this.#goBack()
        return pollMs
      },
    })
  }

  /** The session in which what begins at `offset` of a state partition may be written. */
  begin(partition: number, offset: number): number {
    this.#places.note(partition, offset)
    return this.#session
  }

  start(live: LiveConsumption & Pick<Subscriber, 'seek'>): void {
    this.#live = live
    this.#loop.wake()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#loop[Symbol.asyncDispose]()
  }

  async #goBack(): Promise<void> {
    const { onlineStore, log } = this.#options
    const live = this.#live
    // What is held cannot be said while a group shares anew. What it keeps must not go on without having gone back.
    if (live?.held() === undefined) return
    await live.pause()
    try {
      // Should this session end as well, nothing is written in the next before all of this is done again.
      const { session } = onlineStore
      const held = live.held()
      if (held === undefined) return
      const places = held.flatMap((partition): RecordPosition[] => {
        const offset = this.#places.startOf(partition)
        return offset === undefined ? [] : [{ ...placeOfStatePartition(partition), offset }]
      })
      await live.seek(places)
      this.#session = session
      log.info({ places }, 'the connection to the online store was lost: its last events are applied again')
    } finally {
      live.resume()
    }
  }
}
