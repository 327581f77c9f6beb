import {
  jobOfKey,
  topics,
  trainingJobKey,
  trainingJobsPrefix,
  trainingTasks,
  type TrainingJob,
  type TrainingTask,
} from '@rapport/contracts'
import { RapportError, type Clock, type Log } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import { readJob, updateJob, type JobRef } from '@rapport/model-store'
import { toJsonBytes, type ObjectStore } from '@rapport/object-store'

export interface JobDependencies {
  readonly objectStore: ObjectStore
  readonly eventLog: EventLog
  readonly clock: Clock
  readonly log: Log
}

export type NewJob = Pick<
  TrainingJob,
  | 'tenant'
  | 'task'
  | 'model'
  | 'version'
  | 'dataset'
  | 'algorithms'
  | 'objective'
  | 'device'
  | 'dictionary'
  | 'hashBits'
  | 'reason'
  | 'budgetSeconds'
  | 'eventCount'
>

const maxAttempts = 20
/** Older jobs of a tenant and task are removed. */
const keptJobs = 200

export const isFinished = ({ state }: TrainingJob): boolean => state !== 'queued' && state !== 'running'

/**
 * Makes a job unless one of the tenant and task is under way, which is answered instead. Ids are numbered, and a number is
 * taken once; so of two callers one makes the job and the other finds it.
 * @throws RapportError `RPT_JOB_CONTENDED` when others take number after number
 */
export async function createJob(
  dependencies: JobDependencies,
  wanted: NewJob,
): Promise<{ readonly created: boolean; readonly job: TrainingJob }> {
  const { objectStore, clock } = dependencies
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const ids = await jobIds(objectStore, wanted.tenant, wanted.task)
    const newest = ids.at(-1)
    const before = newest === undefined ? undefined : await readJob(objectStore, { tenant: wanted.tenant, id: newest })
    if (before !== undefined && !isFinished(before)) return { created: false, job: before }
    const id = `${wanted.task}-${String(numberOf(newest) + 1).padStart(6, '0')}`
    const job: TrainingJob = { ...wanted, id, state: 'queued', attempts: 0, requestedAt: isoTime(clock) }
    const outcome = await objectStore.put(trainingJobKey(job.tenant, id), toJsonBytes(job), { ifAbsent: true })
    if (!outcome.stored) continue
    await objectStore.delete(ids.slice(0, -keptJobs).map((old) => trainingJobKey(wanted.tenant, old)))
    await wakeRunners(dependencies, job)
    return { created: true, job }
  }
  throw new RapportError('RPT_JOB_CONTENDED', `Others keep making jobs of tenant "${wanted.tenant}".`, {
    canRetry: true,
  })
}

/** The newest jobs of a tenant, of one task or of all, newest first. */
export async function listJobs(
  objectStore: ObjectStore,
  tenant: string,
  { limit, tasks = trainingTasks }: { readonly limit: number; readonly tasks?: readonly TrainingTask[] },
): Promise<TrainingJob[]> {
  const ids: string[] = []
  for (const task of tasks) ids.push(...(await jobIds(objectStore, tenant, task)).slice(-limit))
  const read = await Promise.all(ids.map((id) => readJob(objectStore, { tenant, id })))
  const jobs = read.filter((job) => job !== undefined)
  const order = (one: TrainingJob, other: TrainingJob): number =>
    other.requestedAt.localeCompare(one.requestedAt) || numberOf(other.id) - numberOf(one.id)
  return jobs.sort(order).slice(0, limit)
}

/**
 * Cancels a job: at once when nobody works at it, otherwise its process is told. A finished job stays as it is. Undefined
 * when there is no such job.
 */
export function cancelJob(dependencies: JobDependencies, ref: JobRef): Promise<TrainingJob | undefined> {
  return updateJob(dependencies.objectStore, ref, (job) => {
    if (isFinished(job) || job.cancelRequestedAt !== undefined) return job
    const now = isoTime(dependencies.clock)
    if (job.state === 'running') return { ...job, cancelRequestedAt: now }
    return { ...job, state: 'cancelled', cancelRequestedAt: now, finishedAt: now }
  })
}

/** Tells whoever runs jobs to look now. They look from time to time anyway, so a failure is only logged. */
export async function wakeRunners({ eventLog, log }: JobDependencies, { tenant, id }: JobRef): Promise<void> {
  const value = Buffer.from(JSON.stringify({ tenant, id }))
  try {
    await eventLog.publish([{ topic: topics.trainingJobs.name, key: `${tenant}/${id}`, value }])
  } catch (error) {
    log.warn({ err: error, tenant, job: id }, 'a training job was not announced; it will be found by polling')
  }
}

async function jobIds(objectStore: ObjectStore, tenant: string, task: TrainingTask): Promise<string[]> {
  const ids: string[] = []
  for await (const { key } of objectStore.list(`${trainingJobsPrefix(tenant)}${task}-`)) {
    const id = idOfKey(tenant, key)
    if (id !== undefined) ids.push(id)
  }
  return ids.sort((one, other) => numberOf(one) - numberOf(other))
}

const idOfKey = (tenant: string, key: string): string | undefined => {
  const job = jobOfKey(key)
  return job?.tenant === tenant ? job.id : undefined
}
const numberOf = (id: string | undefined): number => Number(/-(\d+)$/.exec(id ?? '')?.[1] ?? 0)
export const isoTime = (clock: Clock): string => new Date(clock.now()).toISOString()
