import { Type, type Static } from 'typebox'
import { ModelNameSchema, ModelVersionNameSchema } from './control.ts'
import type { ServiceName } from './routes.ts'
import { TextRuleSchema } from './text-rules.ts'
import { DatasetVersionNameSchema, wantedDataset } from './training-jobs.ts'

const closed = { additionalProperties: false } as const
const TimeSchema = Type.String({ format: 'date-time' })
const CountSchema = Type.Integer({ minimum: 0 })

export const labelJobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type LabelJobState = (typeof labelJobStates)[number]

/** Bounds of a tenant's jobs of one service. */
export const labelJobLimits = {
  unfinished: 20,
  /** Older finished jobs go, with their results. */
  kept: 100,
} as const

/** The texts of the archived events of a tenant, found by the rules of now. */
const ArchivedEventsSchema = Type.Object(
  {
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Of the events’ `timestamp`, included.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Not included.' })),
  },
  {
    ...closed,
    description: 'In place of a data set: the texts of the archived events, found by the rules of the stream.',
  },
)

/** `POST /v1/text/jobs` or `/v1/sentiment/jobs`: of `dataset` and `events` exactly one. */
export const CreateLabelJobSchema = Type.Object(
  {
    dataset: Type.Optional(wantedDataset('The texts to label; whether they have labels already does not matter.')),
    events: Type.Optional(ArchivedEventsSchema),
    model: Type.Optional(ModelNameSchema),
    version: Type.Optional(
      Type.String({ ...ModelVersionNameSchema, description: 'Default: the champion of now, to the end of the job.' }),
    ),
    topK: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  closed,
)
export type CreateLabelJob = Static<typeof CreateLabelJobSchema>

/**
 * A job that labels many texts: the object `label-jobs/<tenant>/<service>/<id>.json`, changed under compare-and-set alone, and
 * what the API answers. Its results lie in parts, in order; a job whose worker has died goes on behind the last one.
 */
export const LabelJobSchema = Type.Object(
  {
    id: Type.String(),
    tenant: Type.String(),
    state: Type.Enum(labelJobStates),
    dataset: Type.Optional(DatasetVersionNameSchema),
    events: Type.Optional(ArchivedEventsSchema),
    /** Which texts of events: those that stood when the job was made. */
    rules: Type.Optional(Type.Array(TextRuleSchema)),
    model: Type.Object(
      {
        tenant: Type.String({ description: 'Whose model it is.' }),
        name: ModelNameSchema,
        version: ModelVersionNameSchema,
      },
      closed,
    ),
    topK: Type.Optional(Type.Integer({ minimum: 1 })),
    threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    requestedAt: TimeSchema,
    startedAt: Type.Optional(TimeSchema),
    finishedAt: Type.Optional(TimeSchema),
    cancelRequestedAt: Type.Optional(TimeSchema),
    /** Claims so far; more than one after a worker has died. */
    attempts: CountSchema,
    lease: Type.Optional(Type.Object({ owner: Type.String(), expiresAt: TimeSchema }, closed)),
    progress: Type.Object(
      {
        rows: Type.Integer({ minimum: 0, description: 'Done, and readable in the result once the job has succeeded.' }),
        of: Type.Optional(Type.Integer({ minimum: 0, description: 'Rows of the data set.' })),
        /** Of a data set: the number of the last row that is done. */
        lastRow: CountSchema,
        /** Of the archive, by partition: the first offset that is not done. */
        offsets: Type.Optional(Type.Record(Type.String(), CountSchema)),
        parts: CountSchema,
        labelled: Type.Integer({ minimum: 0, description: 'Rows that have got a label.' }),
        refused: Type.Integer({ minimum: 0, description: 'Rows that could not be labelled; the result says why.' }),
        labels: Type.Record(Type.String(), CountSchema, { description: 'Rows by their label.' }),
        given: Type.Integer({
          minimum: 0,
          description: 'Labelled rows to which the data set gives a label that the model knows.',
        }),
        agreeing: Type.Integer({
          minimum: 0,
          description: 'Of these, those whose label is among the given ones, or which have just the given ones.',
        }),
      },
      closed,
    ),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() }, closed)),
  },
  { ...closed, $id: 'LabelJob' },
)
export type LabelJob = Static<typeof LabelJobSchema>

/** `GET …/jobs`: newest first. */
export const LabelJobListSchema = Type.Object({ jobs: Type.Array(LabelJobSchema) }, closed)

export const labelJobIdPattern = '^[0-9]{8}T[0-9]{9}Z-[0-9a-f]{8}$'

/** Of all tenants. */
export const labelJobsRoot = 'label-jobs/'
export const labelJobsPrefix = (service: ServiceName, tenant: string): string => `${labelJobsRoot}${tenant}/${service}/`
export const labelJobKey = (service: ServiceName, { tenant, id }: Pick<LabelJob, 'tenant' | 'id'>): string =>
  `${labelJobsPrefix(service, tenant)}${id}.json`
/** Gzip-compressed NDJSON in parts, `part-00000.ndjson.gz` … */
export const labelJobResultsPrefix = (service: ServiceName, tenant: string): string =>
  `label-job-results/${tenant}/${service}/`
