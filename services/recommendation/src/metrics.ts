import { recommendationStrategies, type RecommendationStrategy } from '@rapport/contracts'
import type { ModelHost } from '@rapport/model-store'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

const cacheOutcomes = ['hit', 'miss', 'stale'] as const
type CacheOutcome = (typeof cacheOutcomes)[number]

/** Series of one label are looked up here, once: for every answer that would cost more than the counting. */
export interface RecommendationMetrics {
  readonly answers: Readonly<Record<RecommendationStrategy, Counter.Internal>>
  readonly degraded: Counter
  readonly cache: Readonly<Record<CacheOutcome, Counter.Internal>>
  readonly exposuresLost: Counter
  readonly rankingSeconds: Histogram
}

export function createRecommendationMetrics(registry: Registry): RecommendationMetrics {
  const registers = [registry]
  return {
    answers: seriesBy(
      recommendationStrategies,
      new Counter({
        name: 'rapport_recommendation_answers_total',
        help: 'Answers by the path that made them.',
        labelNames: ['strategy'],
        registers,
      }),
    ),
    degraded: new Counter({
      name: 'rapport_recommendation_degraded_total',
      help: 'Answers made without the visitor’s state.',
      registers,
    }),
    cache: seriesBy(
      cacheOutcomes,
      new Counter({
        name: 'rapport_recommendation_cache_total',
        help: 'Look-ups of cached answers: hit, miss, or stale (behaviour, model or catalogue have changed since).',
        labelNames: ['outcome'],
        registers,
      }),
    ),
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
  }
}

const seriesBy = <L extends string>(labels: readonly L[], counter: Counter): Record<L, Counter.Internal> =>
  Object.fromEntries(labels.map((label) => [label, counter.labels(label)])) as Record<L, Counter.Internal>

export const countAnswer = (
  metrics: RecommendationMetrics,
  strategy: RecommendationStrategy,
  degraded: boolean,
): void => {
  metrics.answers[strategy].inc()
  if (degraded) metrics.degraded.inc()
}

export interface ModelMetricsSources {
  readonly host: Pick<ModelHost<unknown>, 'stats'>
  readonly models: { versions(): ReadonlyMap<string, { readonly version: string; readonly createdAt: string }> }
}

/** Which model version answers each tenant, since when it exists, and what was refused; read when metrics are asked for. */
export function addModelMetrics(registry: Registry, { host, models }: ModelMetricsSources): readonly Gauge[] {
  const registers = [registry]
  return [
    new Gauge({
      name: 'rapport_recommendation_model_created_seconds',
      help: 'When the model version that answers a tenant was published, in seconds since the epoch.',
      labelNames: ['tenant', 'version'],
      registers,
      collect() {
        this.reset()
        for (const [tenant, { version, createdAt }] of models.versions()) {
          this.set({ tenant, version }, Date.parse(createdAt) / 1000)
        }
      },
    }),
    new Gauge({
      name: 'rapport_recommendation_model_bytes',
      help: 'Memory of loaded models.',
      registers,
      collect() {
        this.set(host.stats().usedBytes)
      },
    }),
    new Gauge({
      name: 'rapport_recommendation_model_refusals',
      help: 'Model versions refused since the start, by reason.',
      labelNames: ['reason'],
      registers,
      collect() {
        for (const [reason, count] of host.stats().refusals) this.set({ reason }, count)
      },
    }),
    new Gauge({
      name: 'rapport_recommendation_model_read_failures',
      help: 'Times since the start that a model could not be read from the object store; what serves goes on serving.',
      registers,
      collect() {
        this.set(host.stats().readFailures)
      },
    }),
  ]
}
