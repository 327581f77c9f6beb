import { topics, trainingRunnerGroup, type TrainingJob } from '@rapport/contracts'
import type { Subscriber } from '@rapport/messaging'
import { isWaiting, readJob, updateJob } from '@rapport/model-store'
import { isForLaterRelease } from '@rapport/starter-texts/release'
import { randomUUID } from 'node:crypto'
import { isFinished, isoTime, wakeRunners } from '../application/training-jobs.ts'
import { JobRecords } from './job-records.ts'
import type { JobWatcherOptions } from './job-watcher.ts'
import { Looks } from './looks.ts'
import type { ProcessExit, StartTraining, TrainingProcess } from './training-process.ts'

export interface JobRunnerOptions extends JobWatcherOptions {
  readonly startTraining: StartTraining
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

/**
 * Runs training jobs as child processes, one at a time. It claims nothing: the process claims its job by a lease and renews
 * it; when that lease has expired, whoever finds it starts another process.
 */
export class JobRunner implements AsyncDisposable {
  readonly #options: JobRunnerOptions
  readonly #records: JobRecords
  readonly #looks: Looks
  #subscriber: Subscriber | undefined
  #running: Running | undefined

  constructor(options: JobRunnerOptions) {
    this.#options = options
    this.#records = new JobRecords(options)
    const { pollMs, log } = options
    this.#looks = new Looks({ look: () => this.#look(), pollMs, log })
  }

  async start(): Promise<void> {
    this.#subscriber = await this.#options.eventLog.subscribe({
      group: trainingRunnerGroup,
      topics: [topics.trainingJobs.name],
      onBatch: async (batch) => {
        await this.look()
        await batch.commit((batch.records.at(-1)?.offset ?? 0) + 1)
      },
    })
    this.#looks.start()
  }

  /** Looks for work now: a job to start, or one that runs here and shall be cancelled. */
  look(): Promise<void> {
    return this.#looks.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const looked = this.#looks.stop()
    await this.#subscriber?.[Symbol.asyncDispose]()
    await looked
    await this.#running?.process.stop(this.#options.graceMs)
    await this.#running?.settled
  }

  async #look(): Promise<void> {
    if (this.#running !== undefined) return this.#checkCancelled(this.#running)
    const job = await this.#nextJob()
    if (job === undefined) return
    if (job.task === 'recommender') await this.#flush(job)
    if (!this.#looks.isStopped) this.#launch(job)
  }

  async #checkCancelled({ job, process }: Running): Promise<void> {
    const now = await readJob(this.#options.objectStore, job)
    if (now?.cancelRequestedAt !== undefined) void process.stop(this.#options.graceMs)
  }

  /** The job that waits longest, of all tenants. */
  async #nextJob(): Promise<TrainingJob | undefined> {
    const { open, ended } = await this.#records.look()
    for (const job of ended) this.#options.onFinished(job)
    const nowMs = this.#options.clock.now()
    const waiting = open.map(({ job }) => job).filter((job) => isWaiting(job, nowMs) && !isForLaterRelease(job))
    return waiting.sort((one, other) => one.requestedAt.localeCompare(other.requestedAt))[0]
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
        void this.look()
      })
    this.#running = { job, owner, process, settled }
  }

  /** The process writes its own end. What it left open (it crashed, or was stopped) is closed or queued again here. */
  async #settle(job: TrainingJob, owner: string, exit: ProcessExit): Promise<void> {
    const { log } = this.#options
    const after = await updateJob(this.#options.objectStore, job, (now) => {
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
    if (this.#looks.isStopped)
      return { ...rest, state: 'queued', attempts: Math.max(0, job.attempts - (job.state === 'running' ? 1 : 0)) }
    const attempts = job.attempts + (job.state === 'queued' ? 1 : 0)
    if (attempts < maxAttempts) return { ...rest, state: 'queued', attempts }
    const how = signal === null ? `with code ${code ?? 'none'}` : `by ${signal}`
    const message = `The training process ended ${how} ${attempts} times. ${lastWords}`.trim()
    return { ...rest, state: 'failed', attempts, finishedAt, error: { code: 'RPT_TRAINING_CRASHED', message } }
  }
}
