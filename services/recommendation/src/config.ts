import { Type, type Static } from 'typebox'

/** Knobs of the recommendation service. */
export const RecommendationConfigSchema = Type.Object({
  RAPPORT_RECOMMENDATION_STATE_TIMEOUT_MS: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 50,
    description: 'How long an answer waits for the visitor’s state; after that it goes out without, marked `degraded`.',
  }),
  RAPPORT_RECOMMENDATION_CACHE_TTL_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 60_000,
    description:
      'How long a cached answer may serve, at most, when nothing has happened since; each gets half of it or more, at random.',
  }),
  RAPPORT_RECOMMENDATION_CACHE_MEMORY_BYTES: Type.Integer({
    minimum: 1,
    default: 16 * 1024 ** 2,
    description: 'Memory for cached answers at hand in this process, in bytes; the least recently used goes first.',
  }),
  RAPPORT_RECOMMENDATION_MAX_EVENTS: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 200,
    description: 'Newest events of a visitor that are folded into the model.',
  }),
  RAPPORT_RECOMMENDATION_TREND_INTERVAL_MS: Type.Integer({
    minimum: 100,
    maximum: 600_000,
    default: 3_000,
    description: 'How often popularity and trends of the tenants asked about are read again.',
  }),
  RAPPORT_RECOMMENDATION_EXPOSURE_FLUSH_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 200,
    description: 'How long an exposure waits for others before they are published together.',
  }),
  RAPPORT_RECOMMENDATION_EXPOSURES_WAITING: Type.Integer({
    minimum: 1,
    default: 20_000,
    description: 'Exposures that may wait to be published; more are dropped and counted.',
  }),
  RAPPORT_RECOMMENDATION_MODEL_BYTES: Type.Integer({
    minimum: 1024 ** 2,
    default: 1024 ** 3,
    description: 'Memory for loaded models, in bytes; the least recently used goes first.',
  }),
  RAPPORT_RECOMMENDATION_MODEL_POLL_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3_600,
    default: 30,
    description: 'How often the aliases of the models in use are read, whatever is announced.',
  }),
})

export interface RecommendationConfig {
  readonly stateTimeoutMs: number
  readonly answerCache: { readonly ttlMs: number; readonly memoryBytes: number }
  readonly maxEvents: number
  readonly trendIntervalMs: number
  readonly exposureFlushMs: number
  readonly exposuresWaiting: number
  readonly modelBytes: number
  readonly modelPollMs: number
}

export const toRecommendationConfig = (variables: Static<typeof RecommendationConfigSchema>): RecommendationConfig => ({
  stateTimeoutMs: variables.RAPPORT_RECOMMENDATION_STATE_TIMEOUT_MS,
  answerCache: {
    ttlMs: variables.RAPPORT_RECOMMENDATION_CACHE_TTL_MS,
    memoryBytes: variables.RAPPORT_RECOMMENDATION_CACHE_MEMORY_BYTES,
  },
  maxEvents: variables.RAPPORT_RECOMMENDATION_MAX_EVENTS,
  trendIntervalMs: variables.RAPPORT_RECOMMENDATION_TREND_INTERVAL_MS,
  exposureFlushMs: variables.RAPPORT_RECOMMENDATION_EXPOSURE_FLUSH_MS,
  exposuresWaiting: variables.RAPPORT_RECOMMENDATION_EXPOSURES_WAITING,
  modelBytes: variables.RAPPORT_RECOMMENDATION_MODEL_BYTES,
  modelPollMs: variables.RAPPORT_RECOMMENDATION_MODEL_POLL_SECONDS * 1000,
})
