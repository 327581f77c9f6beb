import type { StateRebuildRecord } from '@rapport/contracts'
import { flushArchive } from '@rapport/features'
import { advanced, replayed, type Figures, type WorkingRecord } from '../domain/rebuild-work.ts'
import { persistently } from './loop.ts'
import type { RebuildRef } from './rebuild-records.ts'
import type { LiveConsumption, RebuildContext } from './rebuild-run.ts'
import { replayArchive, type ReplayedArchive } from './replay-archive.ts'

export interface ReplaySessionOptions {
  readonly ref: RebuildRef
  readonly attempt: number
  /** Of the online store: nothing is written in another. */
  readonly storeSession: number
  readonly change: (update: (record: WorkingRecord) => StateRebuildRecord) => Promise<WorkingRecord | undefined>
  /** False when the rebuild has ended or begun again. */
  readonly isOpen: () => boolean
}

/** When a pass over the archive has brought no more than this, the rest is done while consumption is paused. */
const shortPass = 5000
const maxPasses = 20
/** Of the flush for which consumption of all tenants waits. */
const lastFlushMs = 10_000
const progressIntervalMs = 500

/** The replay of the partitions that this process holds, in one attempt of a rebuild. */
export class ReplaySession {
  readonly attempt: number
  readonly #context: RebuildContext
  readonly #options: ReplaySessionOptions
  /** By partition the first offset that is not replayed. */
  readonly #next = new Map<number, number>()
  #figures = new Map<number, Figures>()
  #writtenAtMs = 0

  constructor(context: RebuildContext, options: ReplaySessionOptions) {
    this.#context = context
    this.#options = options
    this.attempt = options.attempt
  }

  /** Others may have had these partitions, and their figures begin anew. */
  startOver(partitions: readonly number[]): void {
    for (const partition of partitions) this.#next.delete(partition)
  }

  /**
   * Replays the archive until little is left, then the rest while consumption is paused, and records as done what is
   * still this process's. Consumption goes on only when it is known what the record says: a partition that is done there must
   * not leave events out any more. False when nothing was done.
   */
  async replay(partitions: readonly number[], live: LiveConsumption, signal: AbortSignal): Promise<boolean> {
    const pass = (options = {}): Promise<ReplayedArchive> => this.#pass(partitions, { live, signal, ...options })
    for (let passes = 0; passes < maxPasses && (await pass()).read > shortPass;) passes += 1
    let isDone = false
    await live.pause()
    try {
      const { left } = await pass({ timeoutMs: lastFlushMs })
      const whole = partitions.filter((partition) => !left.has(partition))
      isDone = await persistently(() => this.#release(whole, live), signal)
    } finally {
      if (!signal.aborted) live.resume()
    }
    return isDone
  }

  async #pass(
    partitions: readonly number[],
    { live, signal, ...flush }: { live: LiveConsumption; signal: AbortSignal; timeoutMs?: number },
  ): Promise<ReplayedArchive> {
    const { eventLog } = this.#context
    await flushArchive(eventLog, { signal, ...flush })
    const isWanted = (partition: number): boolean => this.#options.isOpen() && live.held()?.includes(partition) === true
    const onProgress = (partition: number, figures: Figures): Promise<void> => this.#count(partition, figures)
    const { storeSession: session, ref } = this.#options
    const options = { ...this.#context, partitions, session, signal, isWanted, onProgress }
    const replayed = await replayArchive(ref.tenant, this.#next, options)
    await this.#writeFigures()
    return replayed
  }

  async #release(partitions: readonly number[], live: LiveConsumption): Promise<boolean> {
    const { process, clock, log } = this.#context
    const at = new Date(clock.now()).toISOString()
    let before: WorkingRecord | undefined
    const after = await this.#options.change((standing) => {
      before = standing
      if (standing.attempts !== this.attempt) return standing
      const current = live.held() ?? []
      return replayed(standing, process, { partitions: partitions.filter((p) => current.includes(p)), at })
    })
    if (after === undefined && before !== undefined) log.info({ ...this.#options.ref }, 'state rebuilt')
    const isDone = (partition: number): boolean => after?.work.partitions[partition]?.state === 'done'
    return after === undefined || partitions.some(isDone)
  }

  async #count(partition: number, { read, applied }: Figures): Promise<void> {
    const sofar = this.#figures.get(partition) ?? { read: 0, applied: 0 }
    this.#figures.set(partition, { read: sofar.read + read, applied: sofar.applied + applied })
    if (this.#context.clock.now() - this.#writtenAtMs >= progressIntervalMs) await this.#writeFigures()
  }

  async #writeFigures(): Promise<void> {
    this.#writtenAtMs = this.#context.clock.now()
    const figures = this.#figures
    if (figures.size === 0) return
    this.#figures = new Map()
    await this.#options.change((standing) =>
      standing.attempts === this.attempt ? advanced(standing, this.#context.process, figures) : standing,
    )
  }
}
