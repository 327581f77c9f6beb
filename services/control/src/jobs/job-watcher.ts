import { topics, trainingRunnerGroup, type TrainingJob } from '@rapport/contracts'
import type { RecordBatch, Subscriber } from '@rapport/messaging'
import { endAbandonedJob, isWaiting, type JobRef } from '@rapport/model-store'
import { isForLaterRelease } from '@rapport/starter-texts/release'
import { isFinished, wakeRunners, type JobDependencies } from '../application/training-jobs.ts'
import { JobRecords, type OpenJob } from './job-records.ts'
import { Looks } from './looks.ts'

export interface JobWatcherOptions extends JobDependencies {
  /** Brings the archive up to the log's end, for the training that is about to read it. */
  readonly flushArchive: () => Promise<void>
  /** Tells the serving processes which version the champion of a job's model names. */
  readonly announceChampion: (job: TrainingJob) => Promise<void>
  /** To be told each job that has finished since the start, whoever ran it. */
  readonly onFinished: (job: TrainingJob) => void
  readonly pollMs: number
}

interface WakeUp {
  readonly batch: RecordBatch
  readonly offset: number
  /** `<tenant>/<id>` of the job. */
  readonly job: string
}

/**
 * Watches jobs that processes elsewhere claim and run. It consumes the wake-ups in the runners' group and commits one only
 * when its job waits no more, so that the group's lag is what waits; a job that waits although no wake-up tells of it (its
 * lease has expired, or it was given back) is announced again. It ends jobs that nobody may claim, brings the archive up to
 * date when a training is asked for, and tells of what has ended.
 */
export class JobWatcher implements AsyncDisposable {
  readonly #options: JobWatcherOptions
  readonly #records: JobRecords
  readonly #looks: Looks
  /** Not committed, by partition, in order. */
  readonly #wakeUps = new Map<number, WakeUp[]>()
  /** Etags of jobs that waited at the last look without a wake-up, and whether they were announced again. */
  #unannounced = new Map<string, { readonly etag: string; readonly announced: boolean }>()
  readonly #flushed = new Set<string>()
  #subscriber: Subscriber | undefined

  constructor(options: JobWatcherOptions) {
    this.#options = options
    this.#records = new JobRecords(options)
    const { pollMs, log } = options
    this.#looks = new Looks({ look: () => this.#look(), pollMs, log })
  }

  async start(): Promise<void> {
    this.#subscriber = await this.#options.eventLog.subscribe({
      group: trainingRunnerGroup,
      topics: [topics.trainingJobs.name],
      onBatch: (batch) => {
        this.#take(batch)
        return this.look()
      },
    })
    this.#looks.start()
  }

  look(): Promise<void> {
    return this.#looks.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#looks.stop()
    await this.#subscriber?.[Symbol.asyncDispose]()
  }

  /** Records that are handed over anew take the place of what was known from there on. */
  #take(batch: RecordBatch): void {
    const first = batch.records[0]?.offset ?? 0
    const before = (this.#wakeUps.get(batch.partition) ?? []).filter(({ offset }) => offset < first)
    const taken = batch.records.map(({ offset, key }) => ({ batch, offset, job: key }))
    this.#wakeUps.set(batch.partition, [...before, ...taken])
  }

  async #look(): Promise<void> {
    // What is taken meanwhile may tell of jobs that this look does not see: it is for the next one.
    const wakeUps = new Map(this.#wakeUps)
    const { open, ended } = await this.#records.look()
    for (const job of ended) {
      this.#flushed.delete(nameOf(job))
      this.#options.onFinished(job)
      if (job.result?.promoted === true) await this.#options.announceChampion(job)
    }
    const waiting = await this.#waiting(open)
    await this.#flushFor(waiting)
    await this.#announceAgain(waiting)
    for (const [partition, known] of wakeUps) await this.#commit(partition, known, waiting)
  }

  async #waiting(open: readonly OpenJob[]): Promise<ReadonlyMap<string, OpenJob>> {
    const { objectStore, clock } = this.#options
    const waiting = new Map<string, OpenJob>()
    for (const found of open) {
      if (!isWaiting(found.job, clock.now()) || isForLaterRelease(found.job)) continue
      const job = await endAbandonedJob(objectStore, found.job, { clock })
      if (job !== undefined && !isFinished(job)) waiting.set(nameOf(job), found)
    }
    return waiting
  }

  /** Once a job. A training on an archive that is a little behind is better than none; so a flush that fails is only logged. */
  async #flushFor(waiting: ReadonlyMap<string, OpenJob>): Promise<void> {
    const fresh = [...waiting].filter(([name, { job }]) => job.task === 'recommender' && !this.#flushed.has(name))
    if (fresh.length === 0) return
    for (const [name] of fresh) this.#flushed.add(name)
    try {
      await this.#options.flushArchive()
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the archive was not brought up to date before a training')
    }
  }

  /** At the second look that finds a job so: the wake-up of a new one may still be on its way. */
  async #announceAgain(waiting: ReadonlyMap<string, OpenJob>): Promise<void> {
    const announced = new Set([...this.#wakeUps.values()].flat().map(({ job }) => job))
    const before = this.#unannounced
    this.#unannounced = new Map()
    for (const [name, { job, etag }] of waiting) {
      if (announced.has(name)) continue
      const last = before.get(name)
      const isDue = last?.etag === etag && !last.announced
      if (isDue) await wakeRunners(this.#options, job)
      this.#unannounced.set(name, { etag, announced: isDue || (last?.etag === etag && last.announced) })
    }
  }

  /** Up to the first wake-up whose job still waits. */
  async #commit(partition: number, known: readonly WakeUp[], waiting: ReadonlyMap<string, OpenJob>): Promise<void> {
    const wakeUps = known.filter(({ batch }) => batch.isCurrent())
    const first = wakeUps.findIndex(({ job }) => waiting.has(job))
    const done = first < 0 ? wakeUps : wakeUps.slice(0, first)
    const last = done.at(-1)
    if (last !== undefined) await last.batch.commit(last.offset + 1)
    const committed = new Set(done)
    const left = (this.#wakeUps.get(partition) ?? []).filter((one) => one.batch.isCurrent() && !committed.has(one))
    this.#wakeUps.set(partition, left)
  }
}

const nameOf = ({ tenant, id }: JobRef): string => `${tenant}/${id}`
