import { starterTenant, type TrainingJob } from '@rapport/contracts'
import { type Clock, type Log, type RapportError, systemClock } from '@rapport/core'
import { DatasetError } from '@rapport/datasets'
import {
  claimTrainingJob,
  type ClaimedJob,
  createModelStore,
  type JobRef,
  LeaseLostError,
  type ModelStore,
} from '@rapport/model-store'
import { ArchiveError, type ObjectStore } from '@rapport/object-store'
import { InterruptedError, JobCancelledError, TrainingDataError } from '../errors.ts'
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
  /** How long the claim holds without a heartbeat. Default 30 s. */
  readonly leaseMs?: number
  readonly clock?: Clock
}

/**
 * `not claimed`: finished, cancelled, or another runner has it. `interrupted`: left unfinished, another attempt makes sense.
 * In all other cases the record says how it ended.
 */
export type TrainingEnd = 'succeeded' | 'bad data' | 'cancelled' | 'not claimed' | 'interrupted'

/**
 * Claims a training job, runs it, and records its end. Errors of the environment and of the program are thrown, and leave
 * the job to be claimed again when its lease has run out; an interrupted job can be claimed at once.
 */
export async function runTrainingJob(ref: JobRef, options: TrainingJobOptions): Promise<TrainingEnd> {
  const { objects, log, owner, leaseMs = 30_000, clock = systemClock } = options
  const claim = await claimTrainingJob(objects, ref, { owner, leaseMs, clock })
  if (claim.claimed === undefined) {
    log.warn({ ...ref, reason: claim.reason }, 'the job was not claimed')
    return claim.reason === 'cancelled' ? 'cancelled' : 'not claimed'
  }
  using heartbeat = new Heartbeat(claim.claimed, { intervalMs: leaseMs / 10, log })
  const onStop = (): void => heartbeat.interrupt(new InterruptedError('the process is told to end'))
  options.stop.addEventListener('abort', onStop)
  if (options.stop.aborted) onStop()
  try {
    return await workOn(claim.claimed, heartbeat, options)
  } finally {
    options.stop.removeEventListener('abort', onStop)
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
    return 'bad data'
  }
  throw cause
}

/** Another attempt on the same data would fail in the same way. */
const isLasting = (error: unknown): error is RapportError =>
  error instanceof TrainingDataError || error instanceof ArchiveError || error instanceof DatasetError

async function cancel(claimed: ClaimedJob, heartbeat: Heartbeat): Promise<TrainingEnd> {
  await claimed.cancelled(await heartbeat.finish())
  return 'cancelled'
}

const errorOf = ({ code, message }: RapportError): NonNullable<TrainingJob['error']> => ({ code, message })
