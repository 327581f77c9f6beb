import { randomBytes } from 'node:crypto'
import { type TrainingJob, trainingJobKey, TenantNameSchema } from '@rapport/contracts'
import { type Clock, systemClock } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { Value } from 'typebox/value'
import { toJsonBytes } from '../json-object.ts'
import { ClaimedJob } from './claimed-job.ts'
import { readJob, TrainingJobError, updateJob } from './job-record.ts'

export type TrainingJobRequest = Pick<TrainingJob, 'task' | 'model' | 'parameters'>

export type ClaimOutcome =
  | { readonly claimed: ClaimedJob }
  | {
      readonly claimed: undefined
      readonly reason: 'not found' | 'finished' | 'held by another' | 'cancelled' | 'too many attempts'
    }

export interface ClaimOptions {
  /** Names this run of this runner; no two runs share it. */
  readonly owner: string
  /** How long the claim holds without a heartbeat. */
  readonly leaseMs: number
  /** A job that was claimed this often fails. Default 3. */
  readonly maxAttempts?: number
}

/** Training jobs as records in the object store; every change is a compare-and-set. */
export interface TrainingJobStore {
  create(tenant: string, request: TrainingJobRequest): Promise<TrainingJob>
  get(tenant: string, id: string): Promise<TrainingJob | undefined>
  /** Newest first. */
  list(tenant: string): Promise<readonly TrainingJob[]>
  /** Jobs of all tenants that wait for a runner: queued, or with an expired lease. Oldest first for each tenant. */
  listClaimable(): Promise<readonly TrainingJob[]>
  /** Takes the job for one runner; of racing runners one gets it. */
  claim(tenant: string, id: string, options: ClaimOptions): Promise<ClaimOutcome>
  /** Cancels a waiting job at once and asks the runner of a running one to stop. Undefined when there is no such job. */
  requestCancel(tenant: string, id: string): Promise<TrainingJob | undefined>
  /** For whoever has seen the runner's process end without a finished record: frees the job, or cancels it when that was asked for. */
  release(tenant: string, id: string, owner: string): Promise<TrainingJob | undefined>
}

export interface TrainingJobStoreOptions {
  readonly clock?: Clock
}

const isFinished = (job: TrainingJob): boolean => !['queued', 'running'].includes(job.status)
const isLeaseLive = (job: TrainingJob, nowMs: number): boolean =>
  job.status === 'running' && job.lease !== undefined && Date.parse(job.lease.expiresAt) > nowMs

/** Ids sort by the time of their creation. */
const newId = (nowMs: number): string => {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '').toLowerCase()
  return `${time}-${randomBytes(4).toString('hex')}`
}

export function createTrainingJobStore(objects: ObjectStore, options: TrainingJobStoreOptions = {}): TrainingJobStore {
  const { clock = systemClock } = options
  return {
    create: (tenant, request) => createJob(objects, clock, { tenant, request }),
    get: async (tenant, id) => (await readJob(objects, tenant, id))?.job,
    async list(tenant) {
      return (await listJobs(objects, `jobs/${tenant}/`)).toReversed()
    },
    async listClaimable() {
      const jobs = await listJobs(objects, 'jobs/')
      return jobs.filter((job) => !isFinished(job) && !isLeaseLive(job, clock.now()))
    },
    claim: (tenant, id, claim) => claimJob(objects, clock, { tenant, id, ...claim }),
    requestCancel: (tenant, id) =>
      updateJob(objects, { tenant, id }, (job) => {
        if (isFinished(job)) return undefined
        const now = new Date(clock.now()).toISOString()
        if (isLeaseLive(job, clock.now()))
          return { ...job, cancelRequestedAt: job.cancelRequestedAt ?? now, updatedAt: now }
        return toCancelled(job, now)
      }),
    release: (tenant, id, owner) =>
      updateJob(objects, { tenant, id }, (job) => {
        if (isFinished(job) || job.lease?.owner !== owner) return undefined
        const now = new Date(clock.now()).toISOString()
        if (job.cancelRequestedAt !== undefined) return toCancelled(job, now)
        const { lease: _lease, ...rest } = job
        return { ...rest, status: 'queued', updatedAt: now }
      }),
  }
}

function toCancelled(job: TrainingJob, now: string): TrainingJob {
  const { lease: _lease, ...rest } = job
  const cancelRequestedAt = job.cancelRequestedAt ?? now
  return { ...rest, status: 'cancelled', cancelRequestedAt, updatedAt: now, finishedAt: now }
}

async function createJob(
  objects: ObjectStore,
  clock: Clock,
  { tenant, request }: { tenant: string; request: TrainingJobRequest },
): Promise<TrainingJob> {
  if (!Value.Check(TenantNameSchema, tenant)) {
    throw new TrainingJobError('RPT_TRAINING_JOB_TENANT', `${JSON.stringify(tenant)} is not a tenant's name`)
  }
  const now = new Date(clock.now()).toISOString()
  const job: TrainingJob = {
    tenant,
    id: newId(clock.now()),
    ...request,
    status: 'queued',
    progress: { percent: 0, stage: 'queued', message: 'waiting for a runner' },
    createdAt: now,
    updatedAt: now,
    attempts: 0,
    log: [],
  }
  const outcome = await objects.put(trainingJobKey(tenant, job.id), toJsonBytes(job), { ifAbsent: true })
  if (!outcome.stored) throw new TrainingJobError('RPT_TRAINING_JOB_EXISTS', `the job ${job.id} exists already`)
  return job
}

async function listJobs(objects: ObjectStore, prefix: string): Promise<TrainingJob[]> {
  const jobs: TrainingJob[] = []
  for await (const { key } of objects.list(prefix)) {
    const [, tenant, file, ...rest] = key.split('/')
    if (tenant === undefined || file?.endsWith('.json') !== true || rest.length > 0) continue
    const found = await readJob(objects, tenant, file.slice(0, -'.json'.length))
    if (found !== undefined) jobs.push(found.job)
  }
  return jobs
}

async function claimJob(
  objects: ObjectStore,
  clock: Clock,
  options: ClaimOptions & { readonly tenant: string; readonly id: string },
): Promise<ClaimOutcome> {
  const { tenant, id, owner, leaseMs, maxAttempts = 3 } = options
  // What keeps the job from being claimed; set anew by each attempt at the compare-and-set.
  let reason: (ClaimOutcome & { claimed: undefined })['reason'] | undefined
  const job = await updateJob(objects, { tenant, id }, (current) => {
    reason = undefined
    const nowMs = clock.now()
    const now = new Date(nowMs).toISOString()
    if (isFinished(current)) reason = current.status === 'cancelled' ? 'cancelled' : 'finished'
    else if (isLeaseLive(current, nowMs)) reason = 'held by another'
    if (reason !== undefined) return undefined
    if (current.cancelRequestedAt !== undefined) {
      reason = 'cancelled'
      return toCancelled(current, now)
    }
    if (current.attempts >= maxAttempts) {
      reason = 'too many attempts'
      const error = {
        code: 'RPT_TRAINING_ATTEMPTS',
        message: `${maxAttempts} runners took the job and none finished it`,
      }
      const { lease: _lease, ...rest } = current
      return { ...rest, status: 'failed', error, updatedAt: now, finishedAt: now }
    }
    return {
      ...current,
      status: 'running',
      attempts: current.attempts + 1,
      startedAt: current.startedAt ?? now,
      updatedAt: now,
      lease: { owner, expiresAt: new Date(nowMs + leaseMs).toISOString(), heartbeatAt: now },
    }
  })
  if (job === undefined) return { claimed: undefined, reason: 'not found' }
  return reason === undefined
    ? { claimed: new ClaimedJob(objects, { clock, leaseMs, owner, job }) }
    : { claimed: undefined, reason }
}
