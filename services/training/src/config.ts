import { TrainingProcessSchema } from '@rapport/contracts'
import { ObjectStoreOnlySchema, PlatformConfigSchema } from '@rapport/service-kit'
import { Type } from 'typebox'

/** Knobs of the job process; whoever starts it sets them. */
export const TrainingConfigSchema = Type.Object({
  ...ObjectStoreOnlySchema.properties,
  RAPPORT_LOG_LEVEL: PlatformConfigSchema.properties.RAPPORT_LOG_LEVEL,
  RAPPORT_TRAINING_TENANT: Type.String({ description: 'Whose job to run.' }),
  RAPPORT_TRAINING_JOB: Type.String({ description: 'Id of the job to run.' }),
  RAPPORT_TRAINING_OWNER: Type.Optional(
    Type.String({ minLength: 1, description: 'Names this run in the job’s lease; made up when not set.' }),
  ),
  RAPPORT_TRAINING_DEVICE: Type.Enum(['auto', 'gpu'], {
    default: 'auto',
    description:
      'gpu: before it claims the job the process says on which GPU it computes and how long the first operation took, and ends where there is none. auto: as the job has it.',
  }),
  RAPPORT_TRAINING_MEMORY_MB: Type.Integer({
    default: 2048,
    minimum: 64,
    description: 'Memory that the process may use, in MiB; trainers that would need more are declined.',
  }),
  RAPPORT_TRAINING_KEEP_VERSIONS: TrainingProcessSchema.properties.RAPPORT_TRAINING_KEEP_VERSIONS,
})
