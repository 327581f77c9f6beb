import type { Clock, Log } from '@rapport/core'
import type { StateSource } from '../adapters/state-source.ts'
import type { Shops } from '../domain/shops.ts'
import type { RecommendationMetrics } from '../metrics.ts'
import type { RecommenderModels } from '../ports.ts'
import type { AnswerCache } from './answer-cache.ts'
import type { ExposurePublisher } from './publish-exposures.ts'
import type { TrendRefresher } from './refresh-trends.ts'

/** What every use case of the service works with. */
export interface RecommendationContext {
  readonly shops: Shops
  readonly models: RecommenderModels
  readonly state: StateSource
  readonly trends: TrendRefresher
  readonly exposures: ExposurePublisher
  readonly answers: AnswerCache
  readonly metrics: RecommendationMetrics
  readonly clock: Clock
  readonly log: Log
  /** An answer waits this long for a tenant's first trends. */
  readonly firstTrendsMs: number
  /** Newest events that are folded into the model, at most. */
  readonly maxEvents: number
}
