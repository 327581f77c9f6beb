import { Type, type Static } from 'typebox'
import type { ArchiveLimits } from './archive/archive-writer.ts'

/** Knobs of the feature service. */
export const FeatureConfigSchema = Type.Object({
  RAPPORT_FEATURE_DEDUP_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 30 * 24 * 3600,
    default: 24 * 3600,
    description:
      'For how long after an event was received its messageId is known, so that a copy of it is not counted.',
  }),
  RAPPORT_FEATURE_REWIND_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 24 * 3600,
    default: 60,
    description:
      'How far a consumer goes back when it is given a partition and after every reconnect to the online store, so that writes which the store lost come back.',
  }),
  RAPPORT_FEATURE_BATCH_EVENTS: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 1000,
    description: 'Largest number of events of one partition that are applied together.',
  }),
  RAPPORT_ARCHIVE_FLUSH_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 256 * 1024 ** 2,
    default: 8 * 1024 ** 2,
    description: 'Uncompressed size at which the records of a partition are written to the archive.',
  }),
  RAPPORT_ARCHIVE_FLUSH_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 24 * 3600,
    default: 30,
    description: 'How long a record waits at most until it is written to the archive.',
  }),
  RAPPORT_ARCHIVE_BUFFER_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 4 * 1024 ** 3,
    default: 48 * 1024 ** 2,
    description: 'What all partitions together hold before they are written; bounds the memory of the archive.',
  }),
})

export interface FeatureConfig {
  readonly dedupWindowMs: number
  readonly rewindMs: number
  readonly maxBatchEvents: number
  readonly archive: ArchiveLimits
}

export const toFeatureConfig = (variables: Static<typeof FeatureConfigSchema>): FeatureConfig => ({
  dedupWindowMs: variables.RAPPORT_FEATURE_DEDUP_SECONDS * 1000,
  rewindMs: variables.RAPPORT_FEATURE_REWIND_SECONDS * 1000,
  maxBatchEvents: variables.RAPPORT_FEATURE_BATCH_EVENTS,
  archive: {
    flushBytes: variables.RAPPORT_ARCHIVE_FLUSH_BYTES,
    flushIntervalMs: variables.RAPPORT_ARCHIVE_FLUSH_SECONDS * 1000,
    maxBufferedBytes: variables.RAPPORT_ARCHIVE_BUFFER_BYTES,
  },
})
