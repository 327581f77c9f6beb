import { rebuildCommandKey, topics, type StateRebuild } from '@rapport/contracts'
import { backoffMs, RapportError, type Clock, type Log } from '@rapport/core'
import { flushArchive } from '@rapport/features'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import { setTimeout as wait } from 'node:timers/promises'
import { isFinished, readRebuild, writeRebuild } from './rebuild-records.ts'
import { replayArchive } from './replay-archive.ts'

/** Live consumption, as far as a rebuild needs a hand on it. */
export interface LiveConsumption {
  pause(): Promise<void>
  resume(): void
}

export interface RebuildOptions {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly clock: Clock
  readonly log: Log
  readonly dedupWindowMs: number
  readonly maxBatchEvents: number
}

const maxAttempts = 5
/** When a pass over the archive has brought no more than this, the rest is done while consumption is paused. */
const shortPass = 5000
const maxPasses = 20
const progressIntervalMs = 500

/**
 * Rebuilds tenants' states from the archive, one tenant after another.
 *
 * The tenant is held: live consumption goes on for all others and leaves its events to the rebuild. Its state is
 * cleared, the archive is flushed and replayed until a pass is short; then consumption is paused for the last pass, and
 * goes on from its checkpoints, where the marks of the replay skip what is done. A process that stops in the middle
 * finds the unfinished record at its next start and begins again; until then the tenant stays held.
 *
 * One process must consume all partitions of the events' topic meanwhile: others would apply a held tenant's events.
 */
export class StateRebuilder implements AsyncDisposable {
  readonly #options: RebuildOptions
  readonly #held = new Set<string>()
  readonly #known = new Set<string>()
  readonly #stopping = new AbortController()
  #queue: { tenant: string; record: StateRebuild }[] = []
  #live: LiveConsumption | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: RebuildOptions) {
    this.#options = options
  }

  readonly isHeld = (tenant: string): boolean => this.#held.has(tenant)

  /** Takes a command up. Before `start` the tenants of unfinished rebuilds are held at once, so that none of their events is applied. */
  async request(tenant: string, id: string): Promise<void> {
    const name = `${tenant}/${id}`
    if (this.#known.has(name)) return
    const record = await readRebuild(this.#options.objectStore, tenant, id)
    if (record === undefined || isFinished(record)) return
    this.#known.add(name)
    this.#queue.push({ tenant, record })
    if (this.#live === undefined) this.#held.add(tenant)
    else this.#work(this.#live)
  }

  start(live: LiveConsumption): void {
    this.#live = live
    this.#work(live)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  #work(live: LiveConsumption): void {
    this.#running = this.#running.then(async () => {
      for (const job of this.#queue.splice(0)) {
        if (!this.#stopping.signal.aborted) await this.#rebuildWithRetries(job.tenant, job.record, live)
      }
    })
  }

  async #rebuildWithRetries(tenant: string, requested: StateRebuild, live: LiveConsumption): Promise<void> {
    const { log, clock } = this.#options
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt += 1) {
      const startedAt = new Date(clock.now()).toISOString()
      const attempts = requested.attempts + attempt + 1
      const record: StateRebuild = {
        ...requested,
        state: 'running',
        startedAt,
        attempts,
        eventsRead: 0,
        eventsApplied: 0,
      }
      try {
        const done = await this.#rebuild(tenant, record, live)
        log.info(
          { tenant, id: record.id, eventsRead: done.eventsRead, eventsApplied: done.eventsApplied },
          'state rebuilt',
        )
        return
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        const canRetry = error instanceof RapportError && error.canRetry && attempt + 1 < maxAttempts
        log.error({ err: error, tenant, id: record.id, canRetry }, 'rebuilding a tenant failed')
        if (!canRetry) {
          await this.#fail(tenant, record, error)
          return
        }
        await this.#backOff(attempt)
      }
    }
  }

  async #backOff(attempt: number): Promise<void> {
    const { signal } = this.#stopping
    await wait(backoffMs(attempt, { baseMs: 500, maxMs: 10_000 }), undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }

  async #rebuild(tenant: string, started: StateRebuild, live: LiveConsumption): Promise<StateRebuild> {
    const { objectStore, onlineStore, eventLog, clock } = this.#options
    await writeRebuild(objectStore, tenant, started)
    await this.#hold(tenant, live)
    await onlineStore.clearState(tenant)
    const progress = new Progress(started, clock, (record) => writeRebuild(objectStore, tenant, record))
    const next = new Map<number, number>()
    const pass = async (): Promise<number> => {
      const { signal } = this.#stopping
      await flushArchive(eventLog, { signal })
      return replayArchive(tenant, next, { ...this.#options, signal, onProgress: (step) => progress.add(step) })
    }
    for (let passes = 0; passes < maxPasses && (await pass()) > shortPass;) passes += 1
    await live.pause()
    try {
      await pass()
      this.#held.delete(tenant)
    } finally {
      live.resume()
    }
    const done: StateRebuild = { ...progress.record, state: 'done', finishedAt: new Date(clock.now()).toISOString() }
    await this.#finish(tenant, done)
    return done
  }

  /** From the moment this resolves no event of the tenant is applied by live consumption. */
  async #hold(tenant: string, live: LiveConsumption): Promise<void> {
    this.#held.add(tenant)
    await live.pause()
    live.resume()
  }

  async #fail(tenant: string, record: StateRebuild, error: unknown): Promise<void> {
    this.#held.delete(tenant)
    const message = error instanceof Error ? error.message : String(error)
    const finishedAt = new Date(this.#options.clock.now()).toISOString()
    await this.#finish(tenant, { ...record, state: 'failed', finishedAt, error: message }).catch((cause: unknown) => {
      this.#options.log.error({ err: cause, tenant }, 'the failure could not be recorded')
    })
  }

  async #finish(tenant: string, record: StateRebuild): Promise<void> {
    await writeRebuild(this.#options.objectStore, tenant, record)
    const key = rebuildCommandKey(tenant, record.id)
    await this.#options.eventLog.publish([{ topic: topics.stateCommands.name, key, value: null }])
  }
}

/** Keeps the record's figures and stores it now and then. */
class Progress {
  record: StateRebuild
  readonly #clock: Clock
  readonly #write: (record: StateRebuild) => Promise<void>
  #writtenAtMs: number

  constructor(record: StateRebuild, clock: Clock, write: (record: StateRebuild) => Promise<void>) {
    this.record = record
    this.#clock = clock
    this.#write = write
    this.#writtenAtMs = clock.now()
  }

  async add({ read, applied }: { readonly read: number; readonly applied: number }): Promise<void> {
    const { eventsRead, eventsApplied } = this.record
    this.record = { ...this.record, eventsRead: eventsRead + read, eventsApplied: eventsApplied + applied }
    if (this.#clock.now() - this.#writtenAtMs < progressIntervalMs) return
    this.#writtenAtMs = this.#clock.now()
    await this.#write(this.record)
  }
}
