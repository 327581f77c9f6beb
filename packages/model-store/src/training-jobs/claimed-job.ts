import type { TrainingJob } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { TrainingJobError, updateJob } from './job-record.ts'

const mostLogLines = 200
const longestLogLine = 1000

/** The runner has lost its claim: the job was given to another, or has been finished. It must stop at once. */
export class LeaseLostError extends TrainingJobError {
  override readonly name = 'LeaseLostError'

  constructor(job: Pick<TrainingJob, 'tenant' | 'id'>) {
    super('RPT_TRAINING_LEASE_LOST', `the claim on job ${job.tenant}/${job.id} is lost`)
  }
}

interface Claim {
  readonly clock: Clock
  readonly leaseMs: number
  readonly owner: string
  readonly job: TrainingJob
}

/** What is new since the last report. */
export interface JobReport {
  readonly progress?: NonNullable<TrainingJob['progress']>
  readonly logLines?: readonly string[]
}

/** What a job that has done its work leaves in its record. */
export type JobOutcome = Pick<TrainingJob, 'leaderboard' | 'result' | 'data' | 'warnings' | 'summary'>

/** A runner's claim on a job. Every method throws LeaseLostError when the claim no longer holds. */
export class ClaimedJob {
  /** As it was claimed. */
  readonly job: TrainingJob
  readonly #objects: ObjectStore
  readonly #claim: Claim

  constructor(objects: ObjectStore, claim: Claim) {
    this.#objects = objects
    this.#claim = claim
    this.job = claim.job
  }

  /** Renews the lease and records what is new. `isCancelRequested`: stop and call `cancelled`. */
  async heartbeat(report: JobReport = {}): Promise<{ readonly isCancelRequested: boolean }> {
    const { leaseMs, owner } = this.#claim
    const job = await this.#update((current, nowMs) => ({
      ...withReport(current, report),
      lease: { owner, expiresAt: new Date(nowMs + leaseMs).toISOString() },
    }))
    return { isCancelRequested: job.cancelRequestedAt !== undefined }
  }

  /** Done. A cancel request that came too late changes nothing. */
  succeed(outcome: JobOutcome, report: JobReport = {}): Promise<TrainingJob> {
    return this.#finish({ ...outcome, state: 'succeeded' }, report)
  }

  /** Failed for good: trying again would fail in the same way. */
  fail(error: { readonly code: string; readonly message: string }, report: JobReport = {}): Promise<TrainingJob> {
    return this.#finish({ error, state: 'failed' }, report)
  }

  cancelled(report: JobReport = {}): Promise<TrainingJob> {
    return this.#finish({ state: 'cancelled' }, report)
  }

  /** Gives the unfinished job back; the attempt does not count. */
  giveBack(): Promise<TrainingJob> {
    return this.#update((current) => {
      const { lease: _lease, ...rest } = current
      return { ...rest, state: 'queued', attempts: Math.max(0, current.attempts - 1) }
    })
  }

  #finish(end: Partial<TrainingJob>, report: JobReport): Promise<TrainingJob> {
    return this.#update((current, nowMs) => {
      const { lease: _lease, ...rest } = withReport(current, report)
      return { ...rest, ...end, finishedAt: new Date(nowMs).toISOString() }
    })
  }

  async #update(change: (job: TrainingJob, nowMs: number) => TrainingJob): Promise<TrainingJob> {
    const { owner, clock, job } = this.#claim
    const updated = await updateJob(this.#objects, job, (current) => {
      // An expired lease that nobody else has claimed is still this runner's.
      const isOurs = current.state === 'running' && current.lease?.owner === owner
      if (!isOurs) throw new LeaseLostError(job)
      return change(current, clock.now())
    })
    if (updated === undefined) throw new LeaseLostError(job)
    return updated
  }
}

function withReport(job: TrainingJob, { progress, logLines = [] }: JobReport): TrainingJob {
  const log = [...(job.log ?? []), ...logLines.map((line) => line.slice(0, longestLogLine))].slice(-mostLogLines)
  return { ...job, log, ...(progress === undefined ? {} : { progress }) }
}
