import type { RecommendationStrategy } from '@rapport/contracts'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export type CacheOutcome = 'hit' | 'miss' | 'stale'

export interface RecommendationMetrics {
  readonly answers: Counter<'strategy'>
  readonly degraded: Counter
  readonly cache: Counter<'outcome'>
  readonly exposuresLost: Counter
  readonly rankingSeconds: Histogram
  readonly modelInfo: Gauge<'tenant' | 'version'>
  readonly modelCreated: Gauge<'tenant'>
}

export function createRecommendationMetrics(registry: Registry): RecommendationMetrics {
  const registers = [registry]
  return {
    answers: new Counter<'strategy'>({
      name: 'rapport_recommendation_answers_total',
      help: 'Answers by the path that made them.',
      labelNames: ['strategy'],
      registers,
    }),
    degraded: new Counter({
      name: 'rapport_recommendation_degraded_total',
      help: 'Answers made without the visitor’s state.',
      registers,
    }),
    cache: new Counter<'outcome'>({
      name: 'rapport_recommendation_cache_total',
      help: 'Look-ups of cached answers: hit, miss, or stale (behaviour, model or catalogue have changed since).',
      labelNames: ['outcome'],
      registers,
    }),
    exposuresLost: new Counter({
      name: 'rapport_exposures_lost_total',
      help: 'Exposures that could not be said to be published.',
      registers,
    }),
    rankingSeconds: new Histogram({
      name: 'rapport_recommendation_ranking_seconds',
      help: 'Time from the read state to the ranked and explained answer.',
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
      registers,
    }),
    modelInfo: new Gauge<'tenant' | 'version'>({
      name: 'rapport_recommendation_model_info',
      help: '1 for the model version that serves a tenant.',
      labelNames: ['tenant', 'version'],
      registers,
    }),
    modelCreated: new Gauge<'tenant'>({
      name: 'rapport_recommendation_model_created_seconds',
      help: 'When the serving model version was made, in seconds since the epoch.',
      labelNames: ['tenant'],
      registers,
    }),
  }
}

export const countAnswer = (
  metrics: RecommendationMetrics,
  strategy: RecommendationStrategy,
  degraded: boolean,
): void => {
  metrics.answers.inc({ strategy })
  if (degraded) metrics.degraded.inc()
}
