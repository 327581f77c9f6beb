import { randomBytes } from 'node:crypto'
import {
  labelJobIdPattern,
  labelJobKey,
  labelJobLimits,
  labelJobResultsPrefix,
  LabelJobSchema,
  labelJobsPrefix,
  labelJobsRoot,
  type LabelJob,
  type ServiceName,
} from '@rapport/contracts'
import { RapportError, type Clock } from '@rapport/core'
import { changeJsonRecord, readJsonRecord, toJsonBytes, type JsonRecord, type ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'

export type LabelJobRef = Pick<LabelJob, 'tenant' | 'id'>
export type NewLabelJob = Pick<LabelJob, 'tenant' | 'dataset' | 'events' | 'rules' | 'model' | 'topK' | 'threshold'>

export interface LabelJobStore {
  readonly service: ServiceName
  readonly objectStore: ObjectStore
  readonly clock: Clock
}

const check = Compile(LabelJobSchema)
const idForm = new RegExp(labelJobIdPattern)
const nothingDone = { rows: 0, lastRow: 0, parts: 0, labelled: 0, refused: 0, labels: {}, given: 0, agreeing: 0 }
const readAtOnce = 16

export const isFinished = ({ state }: LabelJob): boolean => state !== 'queued' && state !== 'running'
export const isoTime = (clock: Clock): string => new Date(clock.now()).toISOString()

/** Queues a job over a data set of `rows` rows, or over the archive; undefined when the tenant has as many unfinished ones as it may. */
export async function createLabelJob(
  store: LabelJobStore,
  wanted: NewLabelJob,
  rows?: number,
): Promise<LabelJob | undefined> {
  const before = await listLabelJobs(store, wanted.tenant)
  if (before.filter((job) => !isFinished(job)).length >= labelJobLimits.unfinished) return undefined
  const old = before.filter(isFinished).slice(labelJobLimits.kept - 1)
  for (const job of old) await removeLabelJob(store, job)
  const requestedAt = isoTime(store.clock)
  const job: LabelJob = {
    id: `${requestedAt.replaceAll(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`,
    ...wanted,
    state: 'queued',
    requestedAt,
    attempts: 0,
    progress: { ...(rows !== undefined && { of: rows }), ...nothingDone },
  }
  const { stored } = await store.objectStore.put(labelJobKey(store.service, job), toJsonBytes(job), { ifAbsent: true })
  if (!stored) throw new RapportError('RPT_LABEL_JOB_EXISTS', `There is a job ${job.id} already.`)
  return job
}

/** Undefined when there is no such job. @throws RapportError `RPT_LABEL_JOB_CORRUPT` */
export async function readLabelJob(store: LabelJobStore, ref: LabelJobRef): Promise<LabelJob | undefined> {
  return (await readJsonRecord(store.objectStore, recordOf(store, ref)))?.record
}

/** Undefined for a record that is none, too: of those the workers tell. */
async function readIntactJob(store: LabelJobStore, ref: LabelJobRef): Promise<LabelJob | undefined> {
  try {
    return await readLabelJob(store, ref)
  } catch (error) {
    if (error instanceof RapportError && error.code === 'RPT_LABEL_JOB_CORRUPT') return undefined
    throw error
  }
}

/** Those of a tenant, newest first. */
export async function listLabelJobs(store: LabelJobStore, tenant: string): Promise<readonly LabelJob[]> {
  const read = readTogether(labelJobKeys(store, tenant), ({ ref }) => readIntactJob(store, ref))
  const jobs = await Array.fromAsync(read)
  return jobs.filter((job) => job !== undefined).reverse()
}

/** What `read` gives of each, in order: 16 are asked at once, since a store is far away and has thousands. */
export async function* readTogether<T, R>(all: AsyncIterable<T>, read: (one: T) => Promise<R>): AsyncGenerator<R> {
  let slice: T[] = []
  for await (const one of all) {
    slice.push(one)
    if (slice.length < readAtOnce) continue
    yield* await Promise.all(slice.map(read))
    slice = []
  }
  yield* await Promise.all(slice.map(read))
}

/** Where a job's record stands, and which version of it. */
export interface LabelJobKey {
  readonly ref: LabelJobRef
  readonly key: string
  readonly etag: string
}

/** The records of all tenants, or of one: those of a tenant oldest first. */
export async function* labelJobKeys(
  { service, objectStore }: LabelJobStore,
  tenant?: string,
): AsyncGenerator<LabelJobKey> {
  const prefix = tenant === undefined ? labelJobsRoot : labelJobsPrefix(service, tenant)
  for await (const { key, etag } of objectStore.list(prefix)) {
    const [owner, of, file = '', ...rest] = key.slice(labelJobsRoot.length).split('/')
    const id = file.replace(/\.json$/, '')
    const isJob = owner !== undefined && of === service && rest.length === 0 && idForm.test(id)
    if (isJob) yield { ref: { tenant: owner, id }, key, etag }
  }
}

/**
 * Changes a job (see `changeJsonRecord`); nothing is written when `change` gives back the job it was given. Undefined when
 * there is no such job.
 * @throws RapportError `RPT_LABEL_JOB_CORRUPT`; RecordContendedError
 */
export async function changeLabelJob(
  store: LabelJobStore,
  ref: LabelJobRef,
  change: (job: LabelJob) => LabelJob,
): Promise<LabelJob | undefined> {
  return (await changeJsonRecord(store.objectStore, recordOf(store, ref), (job) => job && change(job))).record
}

/** At once when nobody works at it; otherwise its worker sees it. A finished job stays as it is. */
export function cancelLabelJob(store: LabelJobStore, ref: LabelJobRef): Promise<LabelJob | undefined> {
  return changeLabelJob(store, ref, (job) => {
    if (isFinished(job) || job.cancelRequestedAt !== undefined) return job
    const cancelRequestedAt = isoTime(store.clock)
    if (job.state === 'running') return { ...job, cancelRequestedAt }
    return { ...job, state: 'cancelled', cancelRequestedAt, finishedAt: cancelRequestedAt }
  })
}

/** The record goes first: nobody sees a job without its result. */
export async function removeLabelJob({ service, objectStore }: LabelJobStore, job: LabelJob): Promise<void> {
  await objectStore.delete([labelJobKey(service, job)])
  // One more than is recorded: its worker may have died behind a part.
  const parts = Array.from({ length: job.progress.parts + 1 }, (_, part) => resultPartKey(service, job, part))
  await objectStore.delete(parts)
}

export const resultPartKey = (service: ServiceName, { tenant, id }: LabelJobRef, part: number): string =>
  `${labelJobResultsPrefix(service, tenant)}${id}/part-${String(part).padStart(5, '0')}.ndjson.gz`

function recordOf({ service }: LabelJobStore, ref: LabelJobRef): JsonRecord<LabelJob> {
  const read = (content: unknown): LabelJob => {
    if (check.Check(content) && content.tenant === ref.tenant && content.id === ref.id) return content
    throw new RapportError('RPT_LABEL_JOB_CORRUPT', `The record of the job ${ref.tenant}/${ref.id} is not one.`)
  }
  return { key: labelJobKey(service, ref), read }
}
