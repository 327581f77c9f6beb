import type { TrainingJob } from '@rapport/contracts'
import { type Clock, systemClock } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { ClaimedJob } from './claimed-job.ts'
import { type JobRef, updateJob } from './job-record.ts'
import { isWaiting } from './waiting-jobs.ts'

export interface ClaimOptions {
  /** Names this run of this runner; no two runs share it. */
  readonly owner: string
  /** How long the claim holds without a heartbeat. */
  readonly leaseMs: number
  /** A job that was claimed this often fails. Default 3. */
  readonly maxAttempts?: number
  readonly clock?: Clock
}

export type ClaimRefusal = 'not found' | 'finished' | 'held by another' | 'cancelled' | 'too many attempts'

export type ClaimOutcome =
  | { readonly claimed: ClaimedJob }
  | { readonly claimed: undefined; readonly reason: ClaimRefusal }

type Decision =
  | { readonly refusal: ClaimRefusal; readonly changed?: TrainingJob }
  | { readonly refusal: undefined; readonly changed: TrainingJob }

/** Takes a queued job, or one whose lease has expired, for one runner; of racing runners one gets it. */
export async function claimTrainingJob(
  objects: ObjectStore,
  ref: JobRef,
  options: ClaimOptions,
): Promise<ClaimOutcome> {
  const { clock = systemClock, owner, leaseMs } = options
  let decision: Decision | undefined
  const job = await updateJob(objects, ref, (current) => {
    decision = decideClaim(current, clock.now(), options)
    return decision.changed
  })
  if (job === undefined || decision === undefined) return { claimed: undefined, reason: 'not found' }
  if (decision.refusal !== undefined) return { claimed: undefined, reason: decision.refusal }
  return { claimed: new ClaimedJob(objects, { clock, leaseMs, owner, job }) }
}

/**
 * Ends a job that nobody may claim any more: one whose runner has died before it saw that the job was cancelled, or one that
 * was claimed too often. Any other is left alone. Resolves with the job that stands then; undefined when there is none.
 */
export async function endAbandonedJob(
  objects: ObjectStore,
  ref: JobRef,
  { maxAttempts, clock = systemClock }: Pick<ClaimOptions, 'maxAttempts' | 'clock'> = {},
): Promise<TrainingJob | undefined> {
  return updateJob(objects, ref, (current) => {
    const decision = decideClaim(current, clock.now(), { owner: '', leaseMs: 0, ...(maxAttempts && { maxAttempts }) })
    return decision.refusal === undefined ? undefined : decision.changed
  })
}

function decideClaim(job: TrainingJob, nowMs: number, options: ClaimOptions): Decision {
  const { owner, leaseMs, maxAttempts = 3 } = options
  const now = new Date(nowMs).toISOString()
  if (job.state === 'cancelled') return { refusal: 'cancelled' }
  if (job.state !== 'queued' && job.state !== 'running') return { refusal: 'finished' }
  const { lease: _lease, ...rest } = job
  if (!isWaiting(job, nowMs)) return { refusal: 'held by another' }
  if (job.cancelRequestedAt !== undefined) {
    return { refusal: 'cancelled', changed: { ...rest, state: 'cancelled', finishedAt: now } }
  }
  if (job.attempts >= maxAttempts) {
    const message = `${maxAttempts} runners took the job and none of them finished it`
    const error = { code: 'RPT_TRAINING_ATTEMPTS', message }
    return { refusal: 'too many attempts', changed: { ...rest, state: 'failed', finishedAt: now, error } }
  }
  return {
    refusal: undefined,
    changed: {
      ...rest,
      state: 'running',
      attempts: job.attempts + 1,
      startedAt: job.startedAt ?? now,
      lease: { owner, expiresAt: new Date(nowMs + leaseMs).toISOString() },
    },
  }
}
