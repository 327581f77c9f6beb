import { TrainingProcessSchema } from '@rapport/contracts'
import type { JobRef } from '@rapport/model-store'
import { ConfigError, ObjectStoreOnlySchema, PlatformConfigSchema } from '@rapport/service-kit'
import { type Static, Type } from 'typebox'

/** Knobs of the job process; whoever starts it sets them. Neither tenant nor job: it takes the job that waits longest. */
export const TrainingConfigSchema = Type.Object({
  ...ObjectStoreOnlySchema.properties,
  RAPPORT_LOG_LEVEL: PlatformConfigSchema.properties.RAPPORT_LOG_LEVEL,
  RAPPORT_TRAINING_TENANT: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Whose job to run; if not set, the job of any tenant that waits longest.',
    }),
  ),
  RAPPORT_TRAINING_JOB: Type.Optional(
    Type.String({ minLength: 1, description: 'Id of the job to run, with RAPPORT_TRAINING_TENANT.' }),
  ),
  RAPPORT_TRAINING_OWNER: Type.Optional(
    Type.String({ minLength: 1, description: 'Names this run in the job’s lease; made up when not set.' }),
  ),
  RAPPORT_TRAINING_DEVICE: Type.Enum(['auto', 'gpu'], {
    default: 'auto',
    description:
      'gpu: before it claims the job the process says on which GPU it computes and how long the first operation took, and ends where there is none. auto: as the job has it.',
  }),
  RAPPORT_TRAINING_DEADLINE_SECONDS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 604_800,
      description: 'Time from the claim after which a job has failed; if not set, a job takes as long as it takes.',
    }),
  ),
  RAPPORT_TRAINING_MEMORY_MB: Type.Integer({
    default: 2048,
    minimum: 64,
    description: 'Memory that the process may use, in MiB; trainers that would need more are declined.',
  }),
  RAPPORT_TRAINING_KEEP_VERSIONS: TrainingProcessSchema.properties.RAPPORT_TRAINING_KEEP_VERSIONS,
})
export type TrainingConfig = Static<typeof TrainingConfigSchema>

/** The job that the configuration names; undefined when it names none. @throws ConfigError when it names half of one. */
export function namedJob({
  RAPPORT_TRAINING_TENANT: tenant,
  RAPPORT_TRAINING_JOB: id,
}: TrainingConfig): JobRef | undefined {
  if (tenant !== undefined && id !== undefined) return { tenant, id }
  if (tenant === undefined && id === undefined) return undefined
  const [missing, given] =
    id === undefined
      ? (['RAPPORT_TRAINING_JOB', 'RAPPORT_TRAINING_TENANT'] as const)
      : (['RAPPORT_TRAINING_TENANT', 'RAPPORT_TRAINING_JOB'] as const)
  throw new ConfigError([{ variable: missing, reason: `is required with ${given}` }])
}
