import type { StateRebuildRecord } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { BatchesInFlight } from '../domain/batches-in-flight.ts'
import {
  beaten,
  begun,
  begunAgain,
  claimed,
  cleared,
  held,
  isFinished,
  isLedBy,
  ledBy,
  partitionsOf,
  resigned,
  type WorkingRecord,
} from '../domain/rebuild-work.ts'
import { RebuildRecordError } from '../errors.ts'
import { Loop } from './loop.ts'
import { changeRebuild, publishCommand, readRebuild, requestRebuild, type RebuildRef } from './rebuild-records.ts'
import type { RebuildOptions } from './rebuild-state.ts'
import { ReplaySession } from './replay-session.ts'

/** Live consumption, as far as a rebuild needs a hand on it. */
export interface LiveConsumption {
  pause(): Promise<void>
  resume(): void
  /**
   * The state partitions that are consumed here at the moment, and nowhere else; undefined while that cannot
   * be said.
   */
  held(): readonly number[] | undefined
}

/** What the rebuilds of a process share. */
export interface RebuildContext extends RebuildOptions {
  /** Names this process in the records. */
  readonly process: string
  readonly inFlight: BatchesInFlight
  /** How many state partitions there are. */
  readonly partitions: number
  /** Runs one heavy thing of the process after another. */
  readonly exclusive: (act: () => Promise<void>) => Promise<void>
  readonly live: () => LiveConsumption | undefined
}

/** A change of others is told by the commands' topic; this is for what gets lost there. */
const pollMs = 1000
const beatMs = 1000
/** A leader that has not been heard of for so long is replaced. */
const silenceMs = 5000

const clearedLate = 'it was cleared by a process that was thought to be gone'

type Update = (record: WorkingRecord) => StateRebuildRecord

/** One rebuild, as this process takes part in it (see `StateRebuilder`). */
export class RebuildRun implements AsyncDisposable {
  readonly ref: RebuildRef
  readonly #context: RebuildContext
  readonly #loop: Loop
  /** Partitions of which live consumption leaves the tenant's events out. */
  readonly #holding = new Set<number>()
  readonly #onEnded: () => void
  #record: WorkingRecord | undefined
  #changing: Promise<unknown> = Promise.resolve()
  #session: ReplaySession | undefined
  /** The online store's session in which this process learnt of an attempt. */
  #attempt = { number: 0, storeSession: 0 }
  /** The attempt in which this process began to clear the state, until the record says that it has. */
  #clearing: number | undefined
  #leaderSeen = { name: '', atMs: 0 }
  #isEnded = false

  constructor(context: RebuildContext, ref: RebuildRef, onEnded: () => void) {
    this.#context = context
    this.ref = ref
    this.#onEnded = onEnded
    this.#loop = new Loop({ log: context.log, step: (signal) => this.#step(signal) })
  }

  isHolding(partition: number): boolean {
    return this.#holding.has(partition)
  }

  wake(): void {
    this.#loop.wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]()
    const { process, log } = this.#context
    if (this.#isEnded || this.#record === undefined || !isLedBy(this.#record, process)) return
    const resign: Update = (standing) => (isLedBy(standing, process) ? resigned(standing) : standing)
    await this.#change(resign).catch((error: unknown) => {
      log.warn({ err: error, ...this.ref }, 'a rebuild was not handed over; others will miss signs of life')
    })
  }

  /** Takes partitions up, or learns that they are done. To be awaited before the first batch of a partition. */
  async claim(partitions: () => readonly number[]): Promise<WorkingRecord | undefined> {
    const { process } = this.#context
    let fresh: readonly number[] = []
    const record = await this.#change((standing) => {
      const wanted = partitions()
      fresh = wanted.filter((partition) => standing.work.partitions[partition]?.holder !== process)
      return claimed(standing, process, wanted)
    })
    this.#session?.startOver(fresh)
    return record
  }

  async #step(signal: AbortSignal): Promise<number | undefined> {
    const live = this.#context.live()
    if (live === undefined) return undefined
    try {
      const record = await this.claim(() => live.held() ?? [])
      if (record !== undefined) await this.#advance(record, live, signal)
      else if (this.#clearing !== undefined) await this.#beginAgain(clearedLate)
    } catch (error) {
      if (signal.aborted || (error instanceof RapportError && error.canRetry)) throw error
      this.#context.log.error({ err: error, ...this.ref }, 'rebuilding a tenant failed')
      await this.#fail(error)
    }
    return this.#isEnded ? undefined : pollMs
  }

  async #advance(record: WorkingRecord, live: LiveConsumption, signal: AbortSignal): Promise<void> {
    const { process, exclusive } = this.#context
    const isLeader = isLedBy(record, process)
    const mayBeTakenBack = this.#attempt.storeSession !== this.#context.onlineStore.session
    if (this.#clearing !== undefined && !(isLeader && this.#clearing === record.attempts))
      await this.#beginAgain(clearedLate)
    else if (mayBeTakenBack && record.work.phase !== 'hold')
      await this.#beginAgain('the connection to the online store was lost')
    else if (isLeader) await this.#whileBeating(() => exclusive(() => this.#clear(record.attempts, signal)))
    else if (record.work.phase === 'hold') await this.#hold(record, live)
    else if (record.work.phase === 'clear') await this.#watchLeader(record)
    else await exclusive(() => this.#replay(live, signal))
  }

  /** When live consumption leaves the tenant's events out, says so for the partitions that are still this process's. */
  async #hold(record: WorkingRecord, live: LiveConsumption): Promise<void> {
    const { process, inFlight } = this.#context
    const open = partitionsOf(record, process, 'open')
    if (open.length === 0) return
    await inFlight.settled()
    const after = await this.#change((standing) => {
      const current = live.held() ?? []
      return held(
        standing,
        process,
        open.filter((partition) => current.includes(partition)),
      )
    })
    if (after !== undefined && isLedBy(after, process)) this.wake()
  }

  async #clear(attempt: number, signal: AbortSignal): Promise<void> {
    const { process, onlineStore } = this.#context
    signal.throwIfAborted()
    if (this.#record === undefined || !isLedBy(this.#record, process)) return
    this.#clearing = attempt
    await onlineStore.clearState(this.ref.tenant)
    const after = await this.#change((standing) =>
      isLedBy(standing, process) && standing.attempts === attempt ? cleared(standing) : standing,
    )
    const { leader, phase } = after?.work ?? {}
    if (after?.attempts !== attempt || leader?.process !== process || phase !== 'replay')
      return this.#beginAgain(clearedLate)
    this.#clearing = undefined
    await this.#announce(after)
    this.wake()
  }

  /** What has been cleared or replayed by now may be gone. */
  async #beginAgain(reason: string): Promise<void> {
    const { log, objectStore } = this.#context
    log.warn({ ...this.ref, reason }, 'the rebuild of a tenant begins again')
    const after = await this.#change(begunAgain)
    if (after !== undefined) await this.#announce(after)
    // It has ended, with a state that is not whole; unless the tenant has gone with its record.
    else if ((await readRebuild(objectStore, this.ref)) !== undefined)
      await requestRebuild(this.#context, this.ref.tenant)
    this.#clearing = undefined
    this.wake()
  }

  async #whileBeating(act: () => Promise<void>): Promise<void> {
    const { process, log } = this.#context
    const beat = (): void => {
      this.#change((standing) => (isLedBy(standing, process) ? beaten(standing) : standing)).catch((error: unknown) => {
        log.warn({ err: error, ...this.ref }, 'a sign of life was not written')
      })
    }
    const timer = setInterval(beat, beatMs)
    try {
      await act()
    } finally {
      clearInterval(timer)
    }
  }

  async #watchLeader({ work, attempts }: WorkingRecord): Promise<void> {
    const { process, log } = this.#context
    const name = `${attempts} ${work.leader.process} ${work.leader.beat}`
    const nowMs = performance.now()
    if (name !== this.#leaderSeen.name) this.#leaderSeen = { name, atMs: nowMs }
    if (work.leader.process !== '' && nowMs - this.#leaderSeen.atMs < silenceMs) return
    log.info({ ...this.ref }, 'the process that cleared a tenant is gone; this one takes its place')
    const { beat, process: gone } = work.leader
    await this.#change((standing) => {
      const isSame = isLedBy(standing, gone) && standing.attempts === attempts && standing.work.leader.beat === beat
      return isSame ? ledBy(standing, process) : standing
    })
    this.wake()
  }

  async #replay(live: LiveConsumption, signal: AbortSignal): Promise<void> {
    const { process } = this.#context
    const record = this.#record
    if (record === undefined || record.work.phase !== 'replay') return
    const current = live.held() ?? []
    const partitions = partitionsOf(record, process, 'held').filter((partition) => current.includes(partition))
    if (partitions.length === 0) return
    if (this.#session?.attempt !== record.attempts) {
      const change = (update: Update): Promise<WorkingRecord | undefined> => this.#change(update)
      const { attempts: attempt } = record
      const { storeSession } = this.#attempt
      const isOpen = (): boolean =>
        !this.#isEnded && this.#record?.attempts === attempt && this.#record.work.phase === 'replay'
      this.#session = new ReplaySession(this.#context, { ref: this.ref, attempt, storeSession, change, isOpen })
    }
    if (await this.#session.replay(partitions, live, signal)) this.wake()
  }

  /** For all. Where that cannot be recorded the partitions stay held, unless there is no record to agree on any more. */
  async #fail(error: unknown): Promise<void> {
    if (error instanceof RebuildRecordError) {
      this.#end()
      return
    }
    const finishedAt = new Date(this.#context.clock.now()).toISOString()
    const message = error instanceof Error ? error.message : String(error)
    await this.#change((standing) => ({ ...standing, state: 'failed', finishedAt, error: message }))
  }

  /**
   * Changes the record and takes what it says then into account, one change after another: an older version must not be
   * heeded after a newer one. Undefined: the rebuild has ended.
   */
  #change(update: Update): Promise<WorkingRecord | undefined> {
    const change = async (): Promise<WorkingRecord | undefined> => {
      const { objectStore, clock, partitions } = this.#context
      let before: StateRebuildRecord | undefined
      const after = await changeRebuild(objectStore, this.ref, (standing) => {
        before = standing
        if (isFinished(standing)) return standing
        return update(begun(standing, partitions, new Date(clock.now()).toISOString()))
      })
      return this.#heed(after, before)
    }
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => {})
    return changed
  }

  #heed(record: StateRebuildRecord | undefined, before: StateRebuildRecord | undefined): WorkingRecord | undefined {
    if (record?.work === undefined || isFinished(record)) {
      // Who ends it takes the command away, or finds one that has come after the end.
      const isOurs = before !== undefined && (!isFinished(before) || this.#record === undefined)
      this.#end()
      if (record !== undefined && isOurs) void this.#announce(record)
      return undefined
    }
    const working = { ...record, work: record.work }
    this.#record = working
    if (working.attempts !== this.#attempt.number)
      this.#attempt = { number: working.attempts, storeSession: this.#context.onlineStore.session }
    for (const [partition, { state, holder }] of working.work.partitions.entries()) {
      if (state === 'done') this.#holding.delete(partition)
      else if (holder === this.#context.process) this.#holding.add(partition)
    }
    return working
  }

  #end(): void {
    this.#isEnded = true
    this.#holding.clear()
    this.#onEnded()
  }

  async #announce(record: StateRebuildRecord): Promise<void> {
    const { eventLog, log } = this.#context
    await publishCommand(eventLog, this.ref.tenant, record).catch((error: unknown) => {
      log.warn({ err: error, ...this.ref }, 'a step of a rebuild was not announced; it will be found by polling')
    })
  }
}
