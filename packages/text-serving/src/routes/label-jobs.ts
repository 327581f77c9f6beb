import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import {
  CreateLabelJobSchema,
  labelJobIdPattern,
  labelJobLimits,
  LabelJobListSchema,
  LabelJobSchema,
  type CreateLabelJob,
  type LabelJob,
} from '@rapport/contracts'
import { DatasetError, listVersions, readManifest } from '@rapport/datasets'
import { HttpError, notFound, type HttpApp, type Principal } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { TextContext } from '../application/context.ts'
import { findModel } from '../application/find-model.ts'
import { readTextRules } from '../application/text-rules.ts'
import {
  cancelLabelJob,
  createLabelJob,
  isFinished,
  listLabelJobs,
  readLabelJob,
  removeLabelJob,
  resultPartKey,
  type LabelJobRef,
  type NewLabelJob,
} from '../jobs/label-job-records.ts'
import { wakeLabelJobWorkers } from '../jobs/label-job-worker.ts'
import { ndjsonType } from './json-bodies.ts'

const config = { scope: 'text' } as const
const params = Type.Object({ id: Type.String({ pattern: labelJobIdPattern }) })

/** `…/jobs`: labelling whole data sets. */
export function addLabelJobRoutes(app: HttpApp, context: TextContext): void {
  const { prefix, word } = context.profile
  app.post(
    `${prefix}/jobs`,
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: `create${word}LabelJob`,
        summary: 'Label all texts of a data set, or of the archived events',
        description: `The versions of the data set and of the model are fixed now. Texts of events are found by the rules that stand when the job
is made, and need the scope \`features:read\`, too. The result is a file; what the stream has found stays. At most ${labelJobLimits.unfinished} jobs of a tenant
may be unfinished; the ${labelJobLimits.kept} newest are kept.`,
        body: CreateLabelJobSchema,
        response: { 202: LabelJobSchema },
      },
    },
    async ({ principal, body }, reply) => {
      if (body.events !== undefined) checkMayReadEvents(principal)
      const job = await createJob(context, principal.tenant, body)
      return reply.code(202).header('Location', `${prefix}/jobs/${job.id}`).send(job)
    },
  )
  app.post(
    `${prefix}/jobs/:id/cancel`,
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: `cancel${word}LabelJob`,
        summary: 'Cancel a labelling job',
        description: 'A waiting job is cancelled at once, a running one within seconds; a finished one stays as it is.',
        params,
        response: { 200: LabelJobSchema },
      },
    },
    async ({ principal: { tenant }, params: { id } }) => found(await cancelLabelJob(context.jobs, { tenant, id }), id),
  )
  addReadRoutes(app, context)
  addResultRoute(app, context)
}

function addReadRoutes(app: HttpApp, { profile: { prefix, word }, jobs }: TextContext): void {
  app.get(
    `${prefix}/jobs`,
    {
      config,
      schema: {
        operationId: `list${word}LabelJobs`,
        summary: 'List the labelling jobs of this tenant, newest first',
        response: { 200: LabelJobListSchema },
      },
    },
    async ({ principal: { tenant } }) => ({ jobs: [...(await listLabelJobs(jobs, tenant))] }),
  )
  app.get(
    `${prefix}/jobs/:id`,
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: `get${word}LabelJob`,
        summary: 'A labelling job with its progress',
        params,
        response: { 200: LabelJobSchema },
      },
    },
    async ({ principal: { tenant }, params: { id } }) => found(await readLabelJob(jobs, { tenant, id }), id),
  )
  app.delete(
    `${prefix}/jobs/:id`,
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: `remove${word}LabelJob`,
        summary: 'Remove a finished labelling job and its result',
        params,
        response: { 204: Type.Null() },
      },
    },
    async ({ principal: { tenant }, params: { id } }, reply) => {
      const job = found(await readLabelJob(jobs, { tenant, id }), id)
      if (!isFinished(job)) throw unfinished(job)
      await removeLabelJob(jobs, job)
      return reply.code(204).send(null)
    },
  )
}

function addResultRoute(app: HttpApp, context: TextContext): void {
  const { prefix, word } = context.profile
  app.get(
    `${prefix}/jobs/:id/result`,
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: `read${word}LabelJobResult`,
        summary: 'The result of a labelling job',
        description:
          'A line for each row of the data set, in order: `row`, its `id`, the `given` labels, and what the service answers to a document, or `error`; or one for each text of an event: `messageId` (of an event that was sent twice there are two lines), whose it is, `timestamp`, `rule`, item and rating. No texts. 409 before the job has succeeded.',
        params,
        response: { 200: { content: { [ndjsonType]: { schema: Type.String() } } } },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const job = found(await readLabelJob(context.jobs, { tenant: principal.tenant, id }), id)
      if (job.events !== undefined) checkMayReadEvents(principal)
      if (job.state !== 'succeeded') throw unfinished(job)
      // The schema speaks of text; what goes out is a stream of it.
      return reply.type(`${ndjsonType}; charset=utf-8`).send(readResult(context, job) as never)
    },
  )
}

/** Gzip members that follow each other are one file. */
function readResult({ jobs, log }: TextContext, job: LabelJob): Readable {
  // Nothing is no gzip file.
  if (job.progress.parts === 0) return Readable.from([])
  const compressed = Readable.from(resultParts(jobs, job, job.progress.parts))
  const lines = createGunzip()
  compressed.on('error', (error) => {
    log.error({ err: error, tenant: job.tenant, job: job.id }, 'the result of a labelling job could not be read')
    lines.destroy(error)
  })
  return compressed.pipe(lines)
}

async function* resultParts(
  { service, objectStore }: TextContext['jobs'],
  ref: LabelJobRef,
  parts: number,
): AsyncGenerator<Uint8Array> {
  for (let part = 0; part < parts; part += 1) {
    const key = resultPartKey(service, ref, part)
    const stored = await objectStore.get(key)
    if (stored === undefined) throw new Error(`${key} is missing`)
    yield stored.body
  }
}

async function createJob(context: TextContext, tenant: string, body: CreateLabelJob): Promise<LabelJob> {
  const { jobs } = context
  const { topK, threshold, events } = body
  if ((body.dataset === undefined) === (events === undefined)) throw oneSource()
  const found = body.dataset && (await findDataset(context, tenant, body.dataset))
  using lease = await findModel(context, { tenant, ...body })
  const { tenant: owner, name, version } = lease.manifest
  const wanted: NewLabelJob = {
    tenant,
    ...(found && { dataset: found.dataset }),
    ...(events && {
      events,
      rules: [...(await readTextRules(jobs.objectStore, { tenant, service: jobs.service })).rules],
    }),
    model: { tenant: owner, name, version },
    ...(topK !== undefined && { topK }),
    ...(threshold !== undefined && { threshold }),
  }
  const job = await createLabelJob(jobs, wanted, found?.rows)
  if (job === undefined) {
    const message = `There are ${labelJobLimits.unfinished} unfinished jobs; wait for one to end, or cancel it.`
    throw new HttpError(409, 'RPT_LABEL_JOB_TOO_MANY', message)
  }
  await wakeLabelJobWorkers(jobs)
  return job
}

async function findDataset(
  { jobs: { objectStore } }: TextContext,
  tenant: string,
  { name, version }: NonNullable<CreateLabelJob['dataset']>,
): Promise<{ readonly dataset: NonNullable<LabelJob['dataset']>; readonly rows: number }> {
  const newest = version ?? (await listVersions(objectStore, { tenant, name }))[0]
  if (newest === undefined) throw notFound(`data set "${name}"`)
  try {
    const { rows } = await readManifest(objectStore, { tenant, name, version: newest })
    return { dataset: { name, version: newest }, rows }
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error
    if (error.code === 'RPT_DATASET_NOT_FOUND') throw notFound(`version ${newest} of the data set "${name}"`)
    const message = `Version ${newest} of the data set "${name}" is damaged.`
    throw new HttpError(409, error.code, message, { cause: error })
  }
}

const oneSource = (): HttpError => {
  const reason = 'or "events" must be given, and not both'
  return new HttpError(400, 'RPT_HTTP_INVALID', `"dataset" ${reason}.`, [{ field: 'dataset', reason }])
}

function found(job: LabelJob | undefined, id: string): LabelJob {
  if (job === undefined) throw notFound(`job ${id}`)
  return job
}

/** What visitors did is more than texts and their labels. @throws HttpError 403 */
function checkMayReadEvents({ scopes }: Pick<Principal, 'scopes'>): void {
  if (scopes.has('features:read')) return
  throw new HttpError(403, 'RPT_ACCESS_FORBIDDEN', 'Jobs over events also need the scope "features:read".')
}

const unfinished = ({ id, state }: LabelJob): HttpError =>
  new HttpError(409, 'RPT_LABEL_JOB_STATE', `The job ${id} is ${state}.`)
