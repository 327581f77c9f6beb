import { Type, type Static } from 'typebox'

/** Knobs of the ingestion service. */
export const IngestionConfigSchema = Type.Object({
  RAPPORT_INGESTION_PUBLISH_DEADLINE_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 5_000,
    description: 'How long a call may wait until its events are durable; after that the answer is 503.',
  }),
})

export interface IngestionConfig {
  readonly publishDeadlineMs: number
}

export const toIngestionConfig = (variables: Static<typeof IngestionConfigSchema>): IngestionConfig => ({
  publishDeadlineMs: variables.RAPPORT_INGESTION_PUBLISH_DEADLINE_MS,
})
