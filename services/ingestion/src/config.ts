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
})

export interface IngestionConfig {
  readonly publishDeadlineMs: number
  /** Tenants whose inbox is read. */
  readonly inboxTenants: readonly string[]
}

export const toIngestionConfig = (
  variables: Static<typeof IngestionConfigSchema> & Pick<PlatformConfig, 'RAPPORT_INBOX_TENANTS'>,
): IngestionConfig => ({
  publishDeadlineMs: variables.RAPPORT_INGESTION_PUBLISH_DEADLINE_MS,
  inboxTenants: variables.RAPPORT_INBOX_TENANTS,
})
