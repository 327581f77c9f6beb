import { starterTenant, type TrainingJob } from '@rapport/contracts'
import { type Clock, type Log, type RapportError, systemClock } from '@rapport/core'
import { DatasetError } from '@rapport/datasets'
import {
  claimTrainingJob,
  type ClaimRefusal,
  type ClaimedJob,
  createModelStore,
  findWaitingJobs,
  type JobRef,
  LeaseLostError,
  type ModelStore,
} from '@rapport/model-store'
import { ArchiveError, type ObjectStore } from '@rapport/object-store'
import { isForLaterRelease } from '@rapport/starter-texts/release'
import { InterruptedError, JobCancelledError, OverdueError, TrainingDataError } from '../errors.ts'
import { trainRecommender } from '../recommender/train-recommender.ts'
import { trainStarter } from '../starter/train-starter.ts'
import { trainText } from '../text/train-text.ts'
import { Heartbeat } from './heartbeat.ts'
import { teeLog } from './tee-log.ts'

export interface TrainingJobOptions {
  readonly objects: ObjectStore
  readonly log: Log
  readonly owner: string
  /** Aborted when the process has to end. The job is left for another attempt, unless it was cancelled. */
  readonly stop: AbortSignal
  readonly memoryLimitBytes: number
  readonly codeRevision: string
  /** Versions of the model that are left beside those that serve or can be rolled back to. */
  readonly keepVersions: number
  /** From the claim to the end of a job; one that takes longer fails. Default: as long as it takes. */
  readonly deadlineMs?: number | undefined
  /** How long the claim holds without a heartbeat. Default 30 s. */
  readonly leaseMs?: number
  readonly clock?: Clock
}

/**
 * `not claimed`: finished, cancelled, or another runner has it, or nothing waits. `interrupted`: left unfinished, another
 * attempt makes sense. In all other cases the record says how it ended.
 */
export type TrainingEnd = 'succeeded' | 'bad data' | 'overdue' | 'cancelled' | 'not claimed' | 'interrupted'

/**
 * Claims a training job, runs it, and records its end. Errors of the environment and of the program are thrown, and leave
 * the job to be claimed again when its lease has run out; an interrupted job can be claimed at once.
 */
export async function runTrainingJob(ref: JobRef, options: TrainingJobOptions): Promise<TrainingEnd> {
  const { claimed, reason } = await claim(ref, options)
  if (claimed !== undefined) return runClaimed(claimed, options)
  options.log.warn({ ...ref, reason }, 'the job was not claimed')
  return reason === 'cancelled' ? 'cancelled' : 'not claimed'
}

/**
 * Claims the training job that waits longest, of all tenants, and runs it like `runTrainingJob`. A job that another runner
 * was quicker to claim is passed over.
 */
export async function runNextTrainingJob(options: TrainingJobOptions): Promise<TrainingEnd> {
  const { objects, log, stop, clock = systemClock } = options
  for (const job of await findWaitingJobs(objects, { clock, log })) {
    if (stop.aborted) return 'interrupted'
    if (isForLaterRelease(job)) continue
    const { claimed, reason } = await claim(job, options)
    const ref = { tenant: job.tenant, job: job.id }
    if (claimed === undefined) {
      log.info({ ...ref, reason }, 'a waiting job was not claimed')
      continue
    }
    log.info({ ...ref, task: job.task, attempt: claimed.job.attempts }, 'a waiting job was claimed')
    return runClaimed(claimed, options)
  }
  log.info({}, 'no training job waits: others have taken what there was')
  return 'not claimed'
}

const defaultLeaseMs = 30_000

async function claim(
  ref: JobRef,
  { objects, owner, leaseMs = defaultLeaseMs, clock = systemClock }: TrainingJobOptions,
): Promise<{ readonly claimed: ClaimedJob | undefined; readonly reason?: ClaimRefusal }> {
  return claimTrainingJob(objects, ref, { owner, leaseMs, clock })
}

async function runClaimed(claimed: ClaimedJob, options: TrainingJobOptions): Promise<TrainingEnd> {
  const { log, stop, deadlineMs, leaseMs = defaultLeaseMs } = options
  using heartbeat = new Heartbeat(claimed, { intervalMs: leaseMs / 10, log })
  const onStop = (): void => heartbeat.interrupt(new InterruptedError('the process is told to end'))
  const deadline =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => heartbeat.interrupt(new OverdueError(deadlineMs)), deadlineMs)
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  try {
    return await workOn(claimed, heartbeat, options)
  } finally {
    stop.removeEventListener('abort', onStop)
    clearTimeout(deadline)
  }
}

async function workOn(claimed: ClaimedJob, heartbeat: Heartbeat, options: TrainingJobOptions): Promise<TrainingEnd> {
  const { objects, memoryLimitBytes, codeRevision, keepVersions } = options
  const log = teeLog(options.log, (line) => heartbeat.addLogLine(line))
  const models = createModelStore(objects, { log, ...(options.clock && { clock: options.clock }) })
  try {
    const outcome = await trainerOf(claimed.job)(claimed.job, {
      objects,
      models,
      log,
      signal: heartbeat.signal,
      memoryLimitBytes,
      codeRevision,
      report: (fraction, stage, details) => heartbeat.report({ fraction, stage, ...details }),
      assertClaim: () => heartbeat.beat(),
    })
    if (outcome.result !== undefined) await pruneOldVersions(models, claimed.job, { log, keepVersions })
    log.info({ summary: outcome.summary }, 'the job is done')
    heartbeat.report({ fraction: 1, stage: 'done' })
    await claimed.succeed(outcome, await heartbeat.finish())
    return 'succeeded'
  } catch (error) {
    // An abort may surface as any error of what was under way.
    const cause: unknown = heartbeat.signal.aborted ? heartbeat.signal.reason : error
    return endBy(cause, { claimed, heartbeat, log })
  }
}

function trainerOf({ tenant, task }: TrainingJob): typeof trainText {
  if (tenant === starterTenant) return trainStarter
  return task === 'recommender' ? trainRecommender : trainText
}

/** While the claim is held: whoever removes a tenant waits for the end of its jobs. A failure is left to the next training. */
async function pruneOldVersions(
  models: ModelStore,
  { tenant, model }: TrainingJob,
  { log, keepVersions }: { readonly log: Log; readonly keepVersions: number },
): Promise<void> {
  try {
    await models.prune({ tenant, name: model }, { keepNewest: keepVersions })
  } catch (error) {
    log.warn({ err: error, tenant, model }, 'old versions were not removed; the next training tries again')
  }
}

interface EndContext {
  readonly claimed: ClaimedJob
  readonly heartbeat: Heartbeat
  readonly log: Log
}

async function endBy(cause: unknown, { claimed, heartbeat, log }: EndContext): Promise<TrainingEnd> {
  if (cause instanceof LeaseLostError) {
    log.warn({ err: cause }, 'the job belongs to another now')
    return 'not claimed'
  }
  if (cause instanceof JobCancelledError) return cancel(claimed, heartbeat)
  if (cause instanceof InterruptedError) {
    // Cancelling also ends the process, perhaps before a heartbeat has seen the request.
    const { isCancelRequested } = await claimed.heartbeat(await heartbeat.finish())
    if (isCancelRequested) return cancel(claimed, heartbeat)
    await claimed.giveBack()
    return 'interrupted'
  }
  if (isLasting(cause)) {
    log.error({ err: cause }, 'the job has failed')
    await claimed.fail(errorOf(cause), await heartbeat.finish())
    return cause instanceof OverdueError ? 'overdue' : 'bad data'
  }
  throw cause
}

/** Another attempt on the same data would fail in the same way. */
const isLasting = (error: unknown): error is RapportError =>
  [TrainingDataError, OverdueError, ArchiveError, DatasetError].some((lasting) => error instanceof lasting)

async function cancel(claimed: ClaimedJob, heartbeat: Heartbeat): Promise<TrainingEnd> {
  await claimed.cancelled(await heartbeat.finish())
  return 'cancelled'
}

const errorOf = ({ code, message }: RapportError): NonNullable<TrainingJob['error']> => ({ code, message })
