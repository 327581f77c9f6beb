import { Readable } from 'node:stream'
import {
  CreateTrainingJobSchema,
  TrainingJobListSchema,
  TrainingJobSchema,
  trainingJobStates,
  type TrainingJob,
} from '@rapport/contracts'
import { readJob, type ModelStore } from '@rapport/model-store'
import { HttpError, notFound, type HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import { streamJobEvents } from '../application/job-events.ts'
import { readTextJob } from '../application/read-text-job.ts'
import { cancelJob, createJob, listJobs, type JobDependencies } from '../application/training-jobs.ts'
import { readEventCounts } from '../jobs/event-counts.ts'
import { recommenderModel } from '../jobs/training-scheduler.ts'

export interface TrainingJobRoutesOptions extends JobDependencies {
  readonly models: ModelStore
  /** When the caller names none. */
  readonly budgetSeconds: number
  /** How often a job is looked at for whoever follows it. */
  readonly followMs: number
}

const config = { scope: 'train' } as const
const JobParamsSchema = Type.Object({ id: Type.String({ pattern: '^[a-z]+(?:-[a-z]+)*-[0-9]{1,12}$' }) })

/** `/v1/training-jobs`: the training of the caller's tenant. */
export function addTrainingJobRoutes(app: HttpApp, options: TrainingJobRoutesOptions): void {
  app.post(
    '/v1/training-jobs',
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: 'createTrainingJob',
        summary: 'Train a model on the events, or on a data set, of this tenant',
        description:
          'A `recommender` learns from the events, a text model from a data set: the version is fixed now. The job waits ' +
          'for a free worker. There is at most one unfinished job of a task: 409 names the other.',
        body: CreateTrainingJobSchema,
        response: { 201: TrainingJobSchema },
      },
    },
    async (request, reply) => {
      const { tenant } = request.principal
      const { body } = request
      const eventCount = (await readEventCounts(options.objectStore)).get(tenant) ?? 0
      const { budgetSeconds = options.budgetSeconds } = body
      const common = { tenant, reason: 'request' as const, budgetSeconds, eventCount }
      const { created, job } = await createJob(
        options,
        body.task === 'recommender'
          ? { ...common, task: body.task, model: recommenderModel }
          : { ...common, ...(await readTextJob(options, tenant, body)) },
      )
      if (!created) throw new HttpError(409, 'RPT_JOB_UNDER_WAY', `The job ${job.id} of this task is ${job.state}.`)
      return reply.code(201).header('Location', `/v1/training-jobs/${job.id}`).send(job)
    },
  )

  addReadRoutes(app, options)
  addEventsRoute(app, options)

  app.post(
    '/v1/training-jobs/:id/cancel',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'cancelTrainingJob',
        summary: 'Cancel a job',
        description: 'A waiting job is cancelled at once, a running one within seconds; a finished one stays as it is.',
        params: JobParamsSchema,
        response: { 200: TrainingJobSchema },
      },
    },
    async ({ principal: { tenant }, params: { id } }) => found(await cancelJob(options, { tenant, id }), id),
  )
}

function addReadRoutes(app: HttpApp, { objectStore }: TrainingJobRoutesOptions): void {
  app.get(
    '/v1/training-jobs',
    {
      config,
      schema: {
        operationId: 'listTrainingJobs',
        summary: 'List the newest jobs of this tenant, newest first',
        querystring: Type.Object(
          {
            limit: Type.Integer({ minimum: 1, maximum: 200, default: 20 }),
            state: Type.Optional(Type.Enum(trainingJobStates)),
          },
          { additionalProperties: false },
        ),
        response: { 200: TrainingJobListSchema },
      },
    },
    async ({ principal: { tenant }, query: { limit, state } }) => {
      const jobs = await listJobs(objectStore, tenant, { limit: state === undefined ? limit : maxListed })
      return { jobs: jobs.filter((job) => state === undefined || job.state === state).slice(0, limit) }
    },
  )
  app.get(
    '/v1/training-jobs/:id',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'getTrainingJob',
        summary: 'A job with its progress, leaderboard and outcome',
        params: JobParamsSchema,
        response: { 200: TrainingJobSchema },
      },
    },
    async ({ principal: { tenant }, params: { id } }) => found(await readJob(objectStore, { tenant, id }), id),
  )
}

function addEventsRoute(app: HttpApp, { objectStore, clock, followMs: pollMs }: TrainingJobRoutesOptions): void {
  const stopping = new AbortController()
  app.addHook('preClose', () => {
    stopping.abort()
    return Promise.resolve()
  })
  app.get(
    '/v1/training-jobs/:id/events',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'followTrainingJob',
        summary: 'What happens to a job, until its end, as Server-Sent Events',
        description:
          '`progress` with the state and what is tried, `log` with a line, `end` with the job. A comment when nothing ' +
          'has happened for 15 seconds. A new connection begins with what stands there.',
        params: JobParamsSchema,
        response: { 200: { content: { [eventStream]: { schema: JobEventSchema } } } },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const job = found(await readJob(objectStore, { tenant: principal.tenant, id }), id)
      const options = { objectStore, clock, pollMs, heartbeatMs, stopping: stopping.signal }
      const events = Readable.from(streamJobEvents(job, principal, options))
      // No proxy on the way shall gather events.
      void reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no')
      // The schema speaks of one event; what goes out is a stream of them, as text.
      return reply.type(eventStream).send(events as never)
    },
  )
}

const eventStream = 'text/event-stream'
/** One event of the stream. */
const JobEventSchema = Type.Object({
  event: Type.Enum(['progress', 'log', 'end']),
  data: Type.String({ description: 'JSON.' }),
})
const heartbeatMs = 15_000
const maxListed = 200

function found(job: TrainingJob | undefined, id: string): TrainingJob {
  if (job === undefined) throw notFound(`training job ${id}`)
  return job
}
