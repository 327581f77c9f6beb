import { Type, type Static } from 'typebox'
import { ModelNameSchema, ModelVersionNameSchema } from './control.ts'
import {
  LeaderboardRowSchema,
  TrainingProgressSchema,
  TrainingWarningSchema,
  type TrainingProgress,
} from './training-results.ts'

const closed = { additionalProperties: false } as const
const TimeSchema = Type.String({ format: 'date-time' })

/** Tasks that learn from a data set of labelled texts. */
export const textTasks = ['text-classification', 'sentiment'] as const
export type TextTask = (typeof textTasks)[number]
export const trainingTasks = ['recommender', ...textTasks] as const
export const TrainingTaskSchema = Type.Enum(trainingTasks)
export type TrainingTask = (typeof trainingTasks)[number]

export const trainingJobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type TrainingJobState = (typeof trainingJobStates)[number]

/** What the best text classifier is best at. The less log-loss the better. */
export const trainingObjectives = ['accuracy', 'macro-f1', 'log-loss'] as const
export type TrainingObjective = (typeof trainingObjectives)[number]

/** Networks on words or characters, which a job tries where it is asked to: they take long without a GPU. */
export const networkAlgorithms = ['text-cnn', 'cnn-lstm', 'bilstm', 'lstm'] as const
export type NetworkAlgorithm = (typeof networkAlgorithms)[number]

/** Classifiers of texts, those that train quickly first. */
export const textAlgorithms = [
  'multinomial-nb',
  'complement-nb',
  'linear-svm',
  'logistic-regression',
  'kernel-svm',
  'random-forest',
  'boosted-trees',
  ...networkAlgorithms,
] as const
export type TextAlgorithm = (typeof textAlgorithms)[number]
/** Those that learn labels which do not exclude each other. */
export const multiLabelAlgorithms = ['linear-svm', 'logistic-regression'] as const satisfies readonly TextAlgorithm[]

const AlgorithmsSchema = Type.Array(Type.Enum(textAlgorithms), {
  minItems: 1,
  maxItems: textAlgorithms.length,
  uniqueItems: true,
  description:
    'What to try. Default: naive Bayes, linear SVM, logistic regression, of small data sets the other classical ones, and on a GPU that was asked for the networks.',
})

/** Words of a tenant for the segmentation of Chinese: of what it takes for parts of words. */
const DictionarySchema = Type.Array(
  Type.String({ minLength: 1, maxLength: 32, pattern: '^[\\p{Script=Han}A-Za-z0-9+#&._%-]+$' }),
  {
    minItems: 1,
    maxItems: 2000,
    description:
      'Words that the segmentation of Chinese keeps whole, such as names of products: of Chinese characters, Latin letters, digits and + # & . _ % -.',
  },
)
const HashBitsSchema = Type.Integer({
  minimum: 12,
  maximum: 22,
  description:
    'n-grams are hashed into 2 ^ hashBits columns in place of a vocabulary, for texts of more of them than memory has room for. Not of networks.',
})

/** Where a job's networks are trained: on the best that its process finds, or on a GPU or not at all. */
export const trainingDevices = ['auto', 'gpu'] as const
export type TrainingDevice = (typeof trainingDevices)[number]

/** A version of a data set. */
export const DatasetVersionNameSchema = Type.Object({ name: ModelNameSchema, version: ModelVersionNameSchema }, closed)
export type DatasetVersionName = Static<typeof DatasetVersionNameSchema>
/** A data set that a request names. */
export const wantedDataset = (description: string) =>
  Type.Object(
    {
      name: ModelNameSchema,
      version: Type.Optional(Type.String({ ...ModelVersionNameSchema, description: 'Default: the newest.' })),
    },
    { ...closed, description },
  )

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
    /** Of a job for a starter model: the version that the release wants which made the job. */
    version: Type.Optional(ModelVersionNameSchema),
    /** Of a job on texts: what it learns from, fixed when the job was made. */
    dataset: Type.Optional(DatasetVersionNameSchema),
    algorithms: Type.Optional(AlgorithmsSchema),
    objective: Type.Optional(Type.Enum(trainingObjectives)),
    device: Type.Optional(Type.Enum(trainingDevices)),
    dictionary: Type.Optional(DictionarySchema),
    hashBits: Type.Optional(HashBitsSchema),
    state: Type.Enum(trainingJobStates),
    /** Why there is this job: the tenant's first model, the schedule, a request, or a release that brings a starter model. */
    reason: Type.Enum(['first', 'schedule', 'request', 'release']),
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
    progress: Type.Optional(TrainingProgressSchema),
    leaderboard: Type.Optional(Type.Array(LeaderboardRowSchema)),
    /** What in the data makes the result less than it seems, or could make it better. */
    warnings: Type.Optional(Type.Array(TrainingWarningSchema)),
    /** Sizes of the data and of its parts. */
    data: Type.Optional(Type.Record(Type.String(), Type.Number())),
    /** The outcome in a sentence. */
    summary: Type.Optional(Type.String()),
    /** The newest lines of the job's log. */
    log: Type.Optional(Type.Array(Type.String())),
    /** Absent when nothing beat the baseline. `promoted`: the champion names this version now. */
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
/** The tenant and id of a job's object key; undefined for another object. */
export function jobOfKey(key: string): Pick<TrainingJob, 'tenant' | 'id'> | undefined {
  const [, tenant, id] = /^jobs\/([^/]+)\/([^/]+)\.json$/.exec(key) ?? []
  return tenant === undefined || id === undefined ? undefined : { tenant, id }
}

/** Of those who are woken by `rapport.training-jobs.v1`: its lag is what waits for a runner. */
export const trainingRunnerGroup = 'rapport.training-runner'

/** Below it a job keeps the epochs of its networks until it ends, in `<id>/`. */
export const trainingCheckpointsPrefix = (tenant: string): string => `checkpoints/${tenant}/`

/** A record of `rapport.training-jobs.v1`, keyed by `<tenant>/<id>`: it wakes whoever runs jobs, no more. */
export const TrainingJobWakeUpSchema = Type.Object({ tenant: Type.String(), id: Type.String() })
export type TrainingJobWakeUp = Static<typeof TrainingJobWakeUpSchema>

const BudgetSchema = Type.Optional(
  Type.Integer({ minimum: 5, maximum: 86_400, description: 'Time for the search over parameters. Default 60.' }),
)

const CreateRecommenderJobSchema = Type.Object(
  { task: Type.Literal('recommender'), budgetSeconds: BudgetSchema },
  closed,
)

const CreateTextJobSchema = Type.Object(
  {
    task: Type.Enum(textTasks),
    dataset: wantedDataset('The labelled texts to learn from.'),
    model: Type.Optional(
      Type.String({ ...ModelNameSchema, description: 'Default `text`, and `sentiment` for sentiment.' }),
    ),
    algorithms: Type.Optional(AlgorithmsSchema),
    budgetSeconds: BudgetSchema,
    objective: Type.Optional(
      Type.Enum(trainingObjectives, { description: 'What the winner is chosen by. Default `accuracy`.' }),
    ),
    device: Type.Optional(
      Type.Enum(trainingDevices, {
        description:
          'For networks. Default `auto`: a GPU where there is one, otherwise the CPU. With `gpu` networks are tried by default, and a job without a GPU fails.',
      }),
    ),
    dictionary: Type.Optional(DictionarySchema),
    hashBits: Type.Optional(HashBitsSchema),
  },
  closed,
)
export type CreateTextJob = Static<typeof CreateTextJobSchema>

/** `POST /v1/training-jobs`. */
export const CreateTrainingJobSchema = Type.Union([CreateRecommenderJobSchema, CreateTextJobSchema], {
  discriminator: { propertyName: 'task' },
})
export type CreateTrainingJob = Static<typeof CreateTrainingJobSchema>
/** `GET /v1/training-jobs`: newest first. */
export const TrainingJobListSchema = Type.Object({ jobs: Type.Array(TrainingJobSchema) }, closed)

/** An event of `GET /v1/training-jobs/{id}/events`. */
export type TrainingJobEvent =
  | { readonly event: 'progress'; readonly data: Pick<TrainingJob, 'state'> & Partial<TrainingProgress> }
  | { readonly event: 'log'; readonly data: { readonly line: string } }
  | { readonly event: 'end'; readonly data: TrainingJob }

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
