import { Type, type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const TimeSchema = Type.String({ format: 'date-time' })

export const trainingTasks = ['recommender'] as const
export const TrainingTaskSchema = Type.Enum(trainingTasks)
export type TrainingTask = (typeof trainingTasks)[number]

export const trainingJobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type TrainingJobState = (typeof trainingJobStates)[number]

/** One trained candidate, or one that was declined and why. */
export const LeaderboardRowSchema = Type.Object(
  {
    algorithm: Type.String(),
    parameters: Type.Record(Type.String(), Type.Unknown()),
    /** Quality on the held-out test part, by metric name (`recall@20`, `ndcg@20`, …). */
    metrics: Type.Record(Type.String(), Type.Number()),
    /**
     * Quality on the part before that, by which parameters and, among the algorithms, the winner are chosen. Absent when the
     * recipe was not searched for.
     */
    validationMetrics: Type.Optional(Type.Record(Type.String(), Type.Number())),
    /** Where the recipe comes from: popularity, the version that serves now, or this job's search. */
    role: Type.Optional(Type.Enum(['baseline', 'champion', 'challenger'])),
    isWinner: Type.Optional(Type.Boolean()),
    trainingSeconds: Type.Optional(Type.Number()),
    /** Why it was not trained, for instance because its memory would not fit. */
    declined: Type.Optional(Type.String()),
  },
  closed,
)
export type LeaderboardRow = Static<typeof LeaderboardRowSchema>

/**
 * A training job: the object `jobs/<tenant>/<id>.json`, changed under compare-and-set alone, and what
 * `/v1/training-jobs` answers. `queued` → `running` by a worker's claim; a worker whose lease has expired is taken for
 * dead, and the job can be claimed again.
 */
export const TrainingJobSchema = Type.Object(
  {
    id: Type.String(),
    tenant: Type.String(),
    task: TrainingTaskSchema,
    /** Name of the model that the job makes a version of. */
    model: Type.String(),
    state: Type.Enum(trainingJobStates),
    /** Why there is this job: the tenant's first model, the schedule, or a request. */
    reason: Type.Enum(['first', 'schedule', 'request']),
    /** Events that the tenant had had when the job was made: what the schedule counts from. */
    eventCount: Type.Integer({ minimum: 0 }),
    /** For the search over parameters. */
    budgetSeconds: Type.Integer({ minimum: 1 }),
    requestedAt: TimeSchema,
    startedAt: Type.Optional(TimeSchema),
    finishedAt: Type.Optional(TimeSchema),
    cancelRequestedAt: Type.Optional(TimeSchema),
    /** Claims so far; more than one after a worker has died. */
    attempts: Type.Integer({ minimum: 0 }),
    lease: Type.Optional(Type.Object({ owner: Type.String(), expiresAt: TimeSchema }, closed)),
    progress: Type.Optional(
      Type.Object({ stage: Type.String(), fraction: Type.Number({ minimum: 0, maximum: 1 }) }, closed),
    ),
    leaderboard: Type.Optional(Type.Array(LeaderboardRowSchema)),
    /** Sizes of the data and of its parts. */
    data: Type.Optional(Type.Record(Type.String(), Type.Number())),
    /** The outcome in a sentence. */
    summary: Type.Optional(Type.String()),
    /** The newest lines of the job's log. */
    log: Type.Optional(Type.Array(Type.String())),
    /** Absent when nothing beat popularity. `promoted`: the champion names this version now. */
    result: Type.Optional(
      Type.Object({ version: Type.String(), algorithm: Type.String(), promoted: Type.Boolean() }, closed),
    ),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() }, closed)),
  },
  closed,
)
export type TrainingJob = Static<typeof TrainingJobSchema>

export const trainingJobsPrefix = (tenant: string): string => `jobs/${tenant}/`
export const trainingJobKey = (tenant: string, id: string): string => `${trainingJobsPrefix(tenant)}${id}.json`

/** A record of `rapport.training-jobs.v1`, keyed by `<tenant>/<id>`: it wakes whoever runs jobs, no more. */
export const TrainingJobWakeUpSchema = Type.Object({ tenant: Type.String(), id: Type.String() })
export type TrainingJobWakeUp = Static<typeof TrainingJobWakeUpSchema>

/** `POST /v1/training-jobs`. */
export const CreateTrainingJobSchema = Type.Object(
  {
    task: TrainingTaskSchema,
    budgetSeconds: Type.Optional(
      Type.Integer({ minimum: 5, maximum: 86_400, description: 'Time for the search over parameters. Default 60.' }),
    ),
  },
  closed,
)
export type CreateTrainingJob = Static<typeof CreateTrainingJobSchema>
/** `GET /v1/training-jobs`: newest first. */
export const TrainingJobListSchema = Type.Object({ jobs: Type.Array(TrainingJobSchema) }, closed)

/** Environment of a training process: the seam between whoever runs jobs and the program that does one. */
export const TrainingProcessSchema = Type.Object({
  RAPPORT_TRAINING_TENANT: Type.String({ description: 'Tenant of the job.' }),
  RAPPORT_TRAINING_JOB: Type.String({ description: 'Id of the job.' }),
  RAPPORT_TRAINING_OWNER: Type.String({ description: 'Name under which the process claims the job.' }),
  RAPPORT_TRAINING_MEMORY_MB: Type.Integer({
    default: 2048,
    minimum: 256,
    description: 'Memory that the process may use, in MiB.',
  }),
  RAPPORT_TRAINING_KEEP_VERSIONS: Type.Integer({
    default: 5,
    minimum: 0,
    description: 'Versions of a model that are kept beside those that serve or can be rolled back to.',
  }),
  RAPPORT_LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
    default: 'info',
    description: 'Least level that is logged, as JSON lines on standard output.',
  }),
})
export type TrainingProcessVariables = Static<typeof TrainingProcessSchema>
