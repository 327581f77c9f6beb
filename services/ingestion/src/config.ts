import type { PlatformConfig } from '@rapport/service-kit'
import { Type, type Static } from 'typebox'

/** Knobs of the ingestion service. */
export const IngestionConfigSchema = Type.Object({
  RAPPORT_INGESTION_PUBLISH_DEADLINE_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 5_000,
    description: 'How long a call may wait until its events are durable; after that the answer is 503.',
  }),
  RAPPORT_INGESTION_BATCH_THREADS: Type.Integer({
    minimum: 0,
    maximum: 64,
    default: 1,
    description:
      'Threads that read large batches beside the one that serves HTTP; they start with the first such batch. None: 0.',
  }),
})

export interface IngestionConfig {
  readonly publishDeadlineMs: number
  readonly batchThreads: number
  /** Tenants whose inbox is read. */
  readonly inboxTenants: readonly string[]
}

export const toIngestionConfig = (
  variables: Static<typeof IngestionConfigSchema> & Pick<PlatformConfig, 'RAPPORT_INBOX_TENANTS'>,
): IngestionConfig => ({
  publishDeadlineMs: variables.RAPPORT_INGESTION_PUBLISH_DEADLINE_MS,
  batchThreads: variables.RAPPORT_INGESTION_BATCH_THREADS,
  inboxTenants: variables.RAPPORT_INBOX_TENANTS,
})
