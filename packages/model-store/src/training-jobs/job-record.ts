import { setTimeout as delay } from 'node:timers/promises'
import { type TrainingJob, trainingJobKey, TrainingJobSchema } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { getJson, toJsonBytes } from '../json-object.ts'

export class TrainingJobError extends RapportError {
  override readonly name: string = 'TrainingJobError'
}

export type JobRef = Pick<TrainingJob, 'tenant' | 'id'>

const jobCheck = Compile(TrainingJobSchema)
const idPattern = /^[A-Za-z0-9-]{1,128}$/
const maxAttempts = 100

/** @throws TrainingJobError `RPT_TRAINING_JOB_INVALID` when the record is not a job, or not this one. */
async function readJob(
  objects: ObjectStore,
  { tenant, id }: JobRef,
): Promise<{ readonly job: TrainingJob; readonly etag: string } | undefined> {
  if (!idPattern.test(id)) return undefined
  const key = trainingJobKey(tenant, id)
  const found = await getJson(objects, key)
  if (found === undefined) return undefined
  const { value, object } = found
  if (!jobCheck.Check(value) || value.tenant !== tenant || value.id !== id) {
    throw new TrainingJobError('RPT_TRAINING_JOB_INVALID', `${key} is not a valid training job`)
  }
  return { job: value, etag: object.etag }
}

/**
 * Replaces a job by what `change` makes of it, under compare-and-set; `change` is called again on a newer record when another
 * writer was quicker, and leaves the job alone by giving undefined. Resolves with the job that stands then.
 */
export async function updateJob(
  objects: ObjectStore,
  ref: JobRef,
  change: (job: TrainingJob) => TrainingJob | undefined,
): Promise<TrainingJob | undefined> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const current = await readJob(objects, ref)
    if (current === undefined) return undefined
    const changed = change(current.job)
    if (changed === undefined) return current.job
    const key = trainingJobKey(ref.tenant, ref.id)
    const outcome = await objects.put(key, toJsonBytes(changed), { ifMatch: current.etag })
    if (outcome.stored) return changed
    await delay(Math.random() * Math.min(attempt * 2, 50))
  }
  throw new TrainingJobError('RPT_TRAINING_JOB_CONTENDED', `the job ${ref.id} kept changing`, { canRetry: true })
}
