import { createBehaviourReader } from '@rapport/features'
import type { Follower } from '@rapport/messaging'
import { createModelHost, createModelStore } from '@rapport/model-store'
import type { HttpApp, Service, ServiceDependencies } from '@rapport/service-kit'
import { HostedModels } from './adapters/hosted-models.ts'
import { createRecommenderLoader } from './adapters/recommender-loader.ts'
import { StateSource } from './adapters/state-source.ts'
import { AnswerCache } from './application/answer-cache.ts'
import type { RecommendationContext } from './application/context.ts'
import { followCatalogue, type CatalogueFollower } from './application/follow-catalogue.ts'
import { followTenants, forgetWithIndex } from './application/follow-tenants.ts'
import { ExposurePublisher } from './application/publish-exposures.ts'
import { TrendRefresher } from './application/refresh-trends.ts'
import type { RecommendationConfig } from './config.ts'
import { Shops } from './domain/shops.ts'
import { addModelMetrics, createRecommendationMetrics } from './metrics.ts'
import type { RecommenderModels } from './ports.ts'
import { addItemRoutes } from './routes/items.ts'
import { addUserRoute } from './routes/users.ts'
import { addVisitorRoute } from './routes/visitors.ts'

/** Before the catalogue is known an answer could show what has been withdrawn; a slow start is better, up to a point. */
const catalogueWaitMs = 10_000

/** Answers what a visitor may want next: models, catalogue, content and trends, ranked and explained. */
export async function createRecommendationService(
  config: RecommendationConfig,
  dependencies: ServiceDependencies,
): Promise<Service> {
  const { log, clock, eventLog, objectStore, metrics } = dependencies
  const shops = new Shops()
  await using stack = new AsyncDisposableStack()
  const host = stack.use(
    createModelHost({
      store: createModelStore(objectStore, { log, clock }),
      loader: createRecommenderLoader(shops),
      log,
      clock,
      eventLog,
      budgetBytes: config.modelBytes,
      pollMs: config.modelPollMs,
    }),
  )
  const models = new HostedModels({ host, log, timeoutMs: config.stateTimeoutMs })
  addModelMetrics(metrics, { host, models })
  const service = stack.use(composeRecommendationService(config, dependencies, { shops, models }))
  const owned = stack.move()
  return {
    ...service,
    async startServing() {
      await host.start()
      await service.startServing()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What belongs to the caller and outlives the service. */
export interface RecommendationParts {
  readonly shops: Shops
  readonly models: RecommenderModels
}

/** The service over given models. */
export function composeRecommendationService(
  config: RecommendationConfig,
  dependencies: ServiceDependencies,
  { shops, models }: RecommendationParts,
): Service {
  const { log, clock, eventLog, onlineStore } = dependencies
  const stack = new AsyncDisposableStack()
  const metrics = createRecommendationMetrics(dependencies.metrics)
  const reader = createBehaviourReader(onlineStore)
  const trends = stack.use(new TrendRefresher({ reader, shops, clock, log, intervalMs: config.trendIntervalMs }))
  const exposures = stack.use(
    new ExposurePublisher({
      eventLog,
      log,
      onLost: (count) => metrics.exposuresLost.inc(count),
      flushMs: config.exposureFlushMs,
      maxWaiting: config.exposuresWaiting,
    }),
  )
  const answers = new AnswerCache({ ...config.answerCache, onlineStore, clock, log })
  const context: RecommendationContext = {
    shops,
    models,
    state: new StateSource({ reader, clock, log, timeoutMs: config.stateTimeoutMs }),
    trends,
    exposures,
    answers,
    metrics,
    clock,
    log,
    firstTrendsMs: config.stateTimeoutMs,
    maxEvents: config.maxEvents,
  }
  forgetWithIndex(context)
  let catalogue: CatalogueFollower | undefined
  let tenants: Follower | undefined
  return {
    name: 'recommendation',
    routes(app: HttpApp) {
      addVisitorRoute(app, context)
      addUserRoute(app, context)
      addItemRoutes(app, context)
    },
    async startServing() {
      catalogue ??= stack.use(await followCatalogue({ eventLog, shops, log }))
      await catalogue.waitUntilCaughtUp(catalogueWaitMs)
      tenants ??= stack.use(await followTenants(eventLog, context))
      trends.start()
    },
    startConsuming: () => Promise.resolve(),
    notReady: () => (catalogue?.isCaughtUp() === true ? [] : ['the catalogue is still being read']),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
