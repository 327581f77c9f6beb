import { type TrainingJob, trainingJobKey, TrainingJobSchema } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import { changeJsonRecord, type JsonRecord, type ObjectStore, readJsonRecord } from '@rapport/object-store'
import { Compile } from 'typebox/compile'

export class TrainingJobError extends RapportError {
  override readonly name: string = 'TrainingJobError'
}

export type JobRef = Pick<TrainingJob, 'tenant' | 'id'>

const jobCheck = Compile(TrainingJobSchema)
const idPattern = /^[A-Za-z0-9-]{1,128}$/

/**
 * Replaces a job by what `change` makes of it (see `changeJsonRecord`); undefined leaves it alone. Resolves with the job that
 * stands then; undefined when there is none.
 * @throws TrainingJobError `RPT_TRAINING_JOB_INVALID` when the record is not a job, or not this one; RecordContendedError
 */
export async function updateJob(
  objects: ObjectStore,
  ref: JobRef,
  change: (job: TrainingJob) => TrainingJob | undefined,
): Promise<TrainingJob | undefined> {
  if (!idPattern.test(ref.id)) return undefined
  const { record } = await changeJsonRecord(objects, recordOf(ref), (job) => job && change(job))
  return record
}

/** Undefined when there is no such job. @throws TrainingJobError `RPT_TRAINING_JOB_INVALID` */
export async function readJob(objects: ObjectStore, ref: JobRef): Promise<TrainingJob | undefined> {
  return (await readJsonRecord(objects, recordOf(ref)))?.record
}

function recordOf({ tenant, id }: JobRef): JsonRecord<TrainingJob> {
  const key = trainingJobKey(tenant, id)
  const read = (content: unknown): TrainingJob => {
    if (jobCheck.Check(content) && content.tenant === tenant && content.id === id) return content
    throw new TrainingJobError('RPT_TRAINING_JOB_INVALID', `${key} is not a valid training job`)
  }
  return { key, read }
}
