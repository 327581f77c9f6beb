import { starterTenant, topics, type TrainingJob } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { Subscriber } from '@rapport/messaging'
import { findShipped, isOfLaterRelease } from '@rapport/starter-texts/release'
import { randomUUID } from 'node:crypto'
import {
  changeJob,
  isFinished,
  isoTime,
  jobOfKey,
  readJob,
  wakeRunners,
  type JobDependencies,
  type JobRef,
} from '../application/training-jobs.ts'
import type { ProcessExit, StartTraining, TrainingProcess } from './training-process.ts'

export interface JobRunnerOptions extends JobDependencies {
  readonly startTraining: StartTraining
  /** Brings the archive up to the log's end before a training reads it. */
  readonly flushArchive: () => Promise<void>
  /** Tells the serving processes which version the champion of a job's model names. */
  readonly announceChampion: (job: TrainingJob) => Promise<void>
  /** To be told each job that has finished since the start, whoever ran it. */
  readonly onFinished: (job: TrainingJob) => void
  readonly pollMs: number
  /** How long a process that is told to end may take. */
  readonly graceMs: number
}

interface Running {
  readonly job: TrainingJob
  readonly owner: string
  readonly process: TrainingProcess
  readonly settled: Promise<void>
}

const maxAttempts = 3
const group = 'rapport.training-runner'

/**
 * Runs training jobs as child processes, one at a time. It claims nothing: the process claims its job by a lease and renews
 * it; when that lease has expired, whoever finds it starts another process.
 */
export class JobRunner implements AsyncDisposable {
  readonly #options: JobRunnerOptions
  /** Keys of jobs that are finished, or cannot be read, with their etags: the record of another job may come to stand at the key. */
  readonly #finished = new Map<string, string>()
  #subscriber: Subscriber | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Running | undefined
  #looking: Promise<void> = Promise.resolve()
  #startedMs = 0
  #stopped = false

  constructor(options: JobRunnerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#startedMs = this.#options.clock.now()
    this.#subscriber = await this.#options.eventLog.subscribe({
      group,
      topics: [topics.trainingJobs.name],
      onBatch: async (batch) => {
        await this.look()
        await batch.commit((batch.records.at(-1)?.offset ?? 0) + 1)
      },
    })
    this.#schedule()
  }

  /** Looks for work now: a job to start, or one that runs here and shall be cancelled. */
  look(): Promise<void> {
    this.#looking = this.#looking
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'training jobs could not be looked at; the next look may work')
      })
    return this.#looking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#subscriber?.[Symbol.asyncDispose]()
    await this.#looking
    await this.#running?.process.stop(this.#options.graceMs)
    await this.#running?.settled
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      void this.look().then(() => this.#schedule())
    }, this.#options.pollMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    if (this.#stopped) return
    if (this.#running !== undefined) return this.#checkCancelled(this.#running)
    const job = await this.#nextJob()
    if (job === undefined) return
    if (job.task === 'recommender') await this.#flush(job)
    if (!this.#stopped) this.#launch(job)
  }

  async #checkCancelled({ job, process }: Running): Promise<void> {
    const now = await readJob(this.#options.objectStore, job)
    if (now?.cancelRequestedAt !== undefined) void process.stop(this.#options.graceMs)
  }

  /** The job that waits longest, of all tenants. */
  async #nextJob(): Promise<TrainingJob | undefined> {
    const waiting: TrainingJob[] = []
    for await (const { key, etag } of this.#options.objectStore.list('jobs/')) {
      const ref = jobOfKey(key)
      if (ref === undefined || this.#finished.get(key) === etag) continue
      const job = await this.#readIntact(ref)
      if (job === undefined) continue
      if (job === 'corrupt' || isFinished(job)) {
        this.#finished.set(key, etag)
        if (job !== 'corrupt' && Date.parse(job.finishedAt ?? '') >= this.#startedMs) this.#options.onFinished(job)
      } else if (this.#isClaimable(job) && !isForLaterRelease(job)) waiting.push(job)
    }
    return waiting.sort((one, other) => one.requestedAt.localeCompare(other.requestedAt))[0]
  }

  /** A record that is no job stands in nobody's way: it is told of once and left alone until it changes. */
  async #readIntact(ref: JobRef): Promise<TrainingJob | 'corrupt' | undefined> {
    try {
      return await readJob(this.#options.objectStore, ref)
    } catch (error) {
      if (!(error instanceof RapportError) || error.code !== 'RPT_JOB_CORRUPT') throw error
      this.#options.log.error({ err: error, tenant: ref.tenant, job: ref.id }, 'a training job cannot be read')
      return 'corrupt'
    }
  }

  #isClaimable({ state, lease }: TrainingJob): boolean {
    if (state === 'queued') return true
    return lease === undefined || Date.parse(lease.expiresAt) <= this.#options.clock.now()
  }

  /** A training on an archive that is a little behind is better than none; so a flush that fails is only logged. */
  async #flush({ tenant, id }: TrainingJob): Promise<void> {
    try {
      await this.#options.flushArchive()
    } catch (error) {
      this.#options.log.warn(
        { err: error, tenant, job: id },
        'the archive was not brought up to date before the training',
      )
    }
  }

  #launch(job: TrainingJob): void {
    const { log, startTraining } = this.#options
    const owner = randomUUID()
    const process = startTraining(job, owner)
    log.info({ tenant: job.tenant, job: job.id, pid: process.pid }, 'training started')
    const settled = process.exited
      .then((exit) => this.#settle(job, owner, exit))
      .catch((error: unknown) =>
        log.error({ err: error, tenant: job.tenant, job: job.id }, 'the end of a training was not recorded'),
      )
      .finally(() => {
        this.#running = undefined
        if (!this.#stopped) void this.look()
      })
    this.#running = { job, owner, process, settled }
  }

  /** The process writes its own end. What it left open (it crashed, or was stopped) is closed or queued again here. */
  async #settle(job: TrainingJob, owner: string, exit: ProcessExit): Promise<void> {
    const { log } = this.#options
    const after = await changeJob(this.#options, job, (now) => {
      const isOurs = now.state === 'queued' || now.lease?.owner === owner
      return isFinished(now) || !isOurs ? now : this.#closed(now, exit)
    })
    const { code, signal } = exit
    log.info({ tenant: job.tenant, job: job.id, state: after?.state, exitCode: code, signal }, 'training ended')
    if (after?.result?.promoted === true) await this.#options.announceChampion(after)
    if (after?.state === 'queued') await wakeRunners(this.#options, after)
  }

  #closed(job: TrainingJob, { code, signal, lastWords }: ProcessExit): TrainingJob {
    const { lease: _lease, progress: _progress, ...rest } = job
    const finishedAt = isoTime(this.#options.clock)
    if (job.cancelRequestedAt !== undefined) return { ...rest, state: 'cancelled', finishedAt }
    // One that was stopped with this process has not failed; one that died before it claimed has used an attempt.
    if (this.#stopped)
      return { ...rest, state: 'queued', attempts: Math.max(0, job.attempts - (job.state === 'running' ? 1 : 0)) }
    const attempts = job.attempts + (job.state === 'queued' ? 1 : 0)
    if (attempts < maxAttempts) return { ...rest, state: 'queued', attempts }
    const how = signal === null ? `with code ${code ?? 'none'}` : `by ${signal}`
    const message = `The training process ended ${how} ${attempts} times. ${lastWords}`.trim()
    return { ...rest, state: 'failed', attempts, finishedAt, error: { code: 'RPT_TRAINING_CRASHED', message } }
  }
}

/** In a rolling update the starter models of the later release are made by its own processes alone. */
const isForLaterRelease = (job: TrainingJob): boolean =>
  job.tenant === starterTenant && isOfLaterRelease(job.version ?? '', findShipped(job) ?? { release: 0 })
