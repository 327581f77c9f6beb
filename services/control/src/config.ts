import { TrainingProcessSchema } from '@rapport/contracts'
import {
  awsEnvironment,
  ObjectStoreOnlySchema,
  toEnvironment,
  type Environment,
  type LogLevel,
  type PlatformConfig,
} from '@rapport/service-kit'
import { fileURLToPath } from 'node:url'
import { Type, type Static } from 'typebox'

/** Knobs of the control plane. */
export const ControlConfigSchema = Type.Object({
  RAPPORT_ADMIN_KEY: Type.Optional(
    Type.String({
      pattern: '^rpt_[A-Za-z0-9_-]{43}$',
      secret: true,
      description:
        'First key of the installation: rpt_ and 32 random bytes as base64url. It may do everything; it is made known at start and stays until it is revoked.',
    }),
  ),
  RAPPORT_DATASET_MAX_ROWS: Type.Integer({
    default: 1_000_000,
    minimum: 1,
    maximum: 100_000_000,
    description:
      'Rows of an uploaded data set, at most. An upload takes up to 64 bytes of memory for each different text.',
  }),
  RAPPORT_DATASET_MAX_BYTES: Type.Integer({
    default: 1024 ** 3,
    minimum: 1,
    description: 'Size of an uploaded data set after gunzip, at most.',
  }),
  RAPPORT_TRAINING_RUNNER: Type.Enum(['here', 'elsewhere'], {
    default: 'here',
    description:
      'Who runs trainings. here: processes that control starts, one at a time. elsewhere: processes of the training service that take what waits, woken by the lag of the group rapport.training-runner on rapport.training-jobs.v1.',
  }),
  RAPPORT_TRAINING_ENTRY: Type.Optional(
    Type.String({ description: 'Program of the training process; that of this workspace when not set.' }),
  ),
  RAPPORT_TRAINING_MEMORY_MB: Type.Integer({
    default: 2048,
    minimum: 256,
    description: 'Memory that a training process may use, in MiB; trainers that would need more are declined.',
  }),
  RAPPORT_TRAINING_KEEP_VERSIONS: TrainingProcessSchema.properties.RAPPORT_TRAINING_KEEP_VERSIONS,
  RAPPORT_TRAINING_MIN_EVENTS: Type.Integer({
    default: 1000,
    minimum: 1,
    description: 'New events of a tenant before a model is trained without being asked for.',
  }),
  RAPPORT_TRAINING_EVERY_HOURS: Type.Number({
    default: 24,
    minimum: 0,
    description: 'Hours between trainings by schedule; 0: only the first model comes by itself.',
  }),
  RAPPORT_TRAINING_BUDGET_SECONDS: Type.Integer({
    default: 60,
    minimum: 5,
    maximum: 86_400,
    description: 'Time for the search over parameters when nobody says otherwise.',
  }),
  RAPPORT_TRAINING_FIRST_BUDGET_SECONDS: Type.Integer({
    default: 15,
    minimum: 5,
    maximum: 86_400,
    description: 'The same for a tenant’s first model, which should be there soon.',
  }),
  RAPPORT_STARTER_MODELS: Type.Boolean({
    default: true,
    description:
      'Whether the starter models of the release are made, which answer for sentiment and topics until a tenant has trained its own.',
  }),
})

export interface ControlConfig {
  readonly adminKey: string | undefined
  /** Variables that say where the stores are and who may use them, for the training process. */
  readonly stores: Readonly<Record<string, string>>
  readonly logLevel: LogLevel
  /** Of an uploaded data set. */
  readonly datasetRows: number
  /** Of an uploaded data set, after gunzip. */
  readonly datasetBytes: number
  /** Whether trainings are left to processes that others start. */
  readonly runsElsewhere: boolean
  readonly trainingEntry: string
  readonly trainingMemoryMb: number
  /** Versions that a training leaves beside those that serve or can be rolled back to. */
  readonly keepVersions: number
  readonly minEvents: number
  readonly everyMs: number
  readonly budgetSeconds: number
  readonly firstBudgetSeconds: number
  /** Whether the release's starter models are made. */
  readonly starterModels: boolean
  /** From the end of a removed tenant's access to the removal of what it has stored. */
  readonly removalSettleMs: number
  /** How often jobs and tenants are looked at when nothing wakes the runner. */
  readonly pollMs: number
}

export const toControlConfig = (
  variables: Static<typeof ControlConfigSchema> & PlatformConfig,
  env: Environment = process.env,
): ControlConfig => ({
  adminKey: variables.RAPPORT_ADMIN_KEY,
  stores: {
    // The AWS SDK looks for it always; a user who is only a number has it from nowhere else.
    ...(env['HOME'] === undefined ? {} : { HOME: env['HOME'] }),
    ...awsEnvironment(variables, env),
    ...toEnvironment(ObjectStoreOnlySchema, variables),
  },
  logLevel: variables.RAPPORT_LOG_LEVEL,
  datasetRows: variables.RAPPORT_DATASET_MAX_ROWS,
  datasetBytes: variables.RAPPORT_DATASET_MAX_BYTES,
  runsElsewhere: variables.RAPPORT_TRAINING_RUNNER === 'elsewhere',
  trainingEntry:
    variables.RAPPORT_TRAINING_ENTRY ?? fileURLToPath(new URL('../../training/src/main.ts', import.meta.url)),
  trainingMemoryMb: variables.RAPPORT_TRAINING_MEMORY_MB,
  keepVersions: variables.RAPPORT_TRAINING_KEEP_VERSIONS,
  minEvents: variables.RAPPORT_TRAINING_MIN_EVENTS,
  everyMs: variables.RAPPORT_TRAINING_EVERY_HOURS * 3_600_000,
  budgetSeconds: variables.RAPPORT_TRAINING_BUDGET_SECONDS,
  firstBudgetSeconds: variables.RAPPORT_TRAINING_FIRST_BUDGET_SECONDS,
  starterModels: variables.RAPPORT_STARTER_MODELS,
  removalSettleMs: 2_000,
  pollMs: 3_000,
})
