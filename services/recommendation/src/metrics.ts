import {
  recommendationSources,
  recommendationStrategies,
  type RecommendationSource,
  type RecommendationStrategy,
} from '@rapport/contracts'
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
  readonly topScore: Readonly<Record<RecommendationSource, Histogram.Internal<'source'>>>
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
    topScore: seriesBy(
      recommendationSources,
      new Histogram({
        name: 'rapport_recommendation_top_score',
        help: 'Score of the first item of an answer that was ranked, by what proposed it; comparable within one source, and there within one model.',
        labelNames: ['source'],
        buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1000, 10_000],
        registers,
      }),
    ),
  }
}

const seriesBy = <L extends string, S>(
  labels: readonly L[],
  metric: { labels(...values: string[]): S },
): Record<L, S> => Object.fromEntries(labels.map((label) => [label, metric.labels(label)])) as Record<L, S>

export const countAnswer = (
  metrics: RecommendationMetrics,
  strategy: RecommendationStrategy,
  degraded: boolean,
): void => {
  metrics.answers[strategy].inc()
  if (degraded) metrics.degraded.inc()
}

interface Ranked {
  readonly strategy: RecommendationStrategy
  readonly candidates: readonly { readonly score: number; readonly source: RecommendationSource }[]
}

/** Of an answer that was made now: its first score as well, which says how much there was to go by. */
export function countRanked(
  metrics: RecommendationMetrics,
  { strategy, candidates: [first] }: Ranked,
  degraded: boolean,
): void {
  countAnswer(metrics, strategy, degraded)
  if (first !== undefined) metrics.topScore[first.source].observe(first.score)
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
