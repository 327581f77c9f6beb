import { createModelHost, createModelStore } from '@rapport/model-store'
import type { HttpApp, Service, ServiceDependencies } from '@rapport/service-kit'
import { createClassifierLoader } from './adapters/classifier-loader.ts'
import { ScoreCache } from './adapters/score-cache.ts'
import type { TextContext } from './application/context.ts'
import { ShadowScoring } from './application/shadow-scoring.ts'
import { TenantRules } from './application/tenant-rules.ts'
import { consumeTexts } from './consumers/consume-texts.ts'
import type { ServedClassifier } from './domain/served-classifier.ts'
import { addTextModelMetrics, createTextMetrics } from './metrics.ts'
import { addInferenceRoutes } from './routes/inference.ts'
import { takeJsonBodies, takeNdjsonStreams } from './routes/json-bodies.ts'
import { addModelsRoutes } from './routes/models.ts'
import { addRulesRoutes } from './routes/rules.ts'
import type { TextProfile } from './text-profile.ts'

export interface TextServingConfig {
  /** Memory for loaded models. */
  readonly modelBytes: number
  readonly modelPollMs: number
  /** Memory for shadow versions; 0 scores none. */
  readonly shadowBytes: number
  /** For all explanations of a call. */
  readonly explainTimeoutMs: number
}

export interface TextServingOptions {
  readonly profile: TextProfile
  readonly config: TextServingConfig
  /** Adds the routes that the service has beside those of its models. */
  readonly addRoutes: (app: HttpApp, context: TextContext) => void
}

/** A service that answers, and labels the texts of events, by the tenants' own models: those in memory, their shadows, metrics and routes. */
export async function createTextService(
  { profile, config, addRoutes }: TextServingOptions,
  dependencies: ServiceDependencies,
): Promise<Service> {
  const { log, clock, eventLog, objectStore, onlineStore, metrics } = dependencies
  await using stack = new AsyncDisposableStack()
  const store = createModelStore(objectStore, { log, clock })
  const served = new Set<ServedClassifier>()
  const shadows = new Set<ServedClassifier>()
  const { explainTimeoutMs, modelPollMs: pollMs } = config
  const shared = { store, log, clock, eventLog, pollMs }
  const prefix = profile.metricPrefix
  const textMetrics = createTextMetrics(metrics, prefix)
  const cache = new ScoreCache({ store: onlineStore, metrics: textMetrics, log })
  const loader = createClassifierLoader(profile, served, cache)
  const host = stack.use(createModelHost({ ...shared, loader, budgetBytes: config.modelBytes }))
  const shadowHost = stack.use(
    createModelHost({
      ...shared,
      loader: createClassifierLoader(profile, shadows),
      alias: 'shadow',
      budgetBytes: config.shadowBytes,
      // Most models have no shadow, and calls need not ask for one again and again.
      pauseBetweenLooksMs: pollMs,
    }),
  )
  addTextModelMetrics(metrics, { prefix, hosts: [host, shadowHost], served, shadows })
  const hasShadows = config.shadowBytes > 0
  const shadow = stack.use(
    new ShadowScoring({ host: hasShadows ? shadowHost : undefined, served: shadows, metrics: textMetrics, log }),
  )
  const context: TextContext = { profile, host, store, served, shadow, metrics: textMetrics, log, explainTimeoutMs }
  let started: Promise<unknown> | undefined
  /** Both halves of the service need it. */
  const startHosts = (): Promise<unknown> =>
    (started ??= Promise.all([host.start(), ...(hasShadows ? [shadowHost.start()] : [])]))
  const rules = new TenantRules({ store: objectStore, service: profile.service, pollMs, clock, log })
  const owned = stack.move()
  return {
    name: profile.service,
    routes(app: HttpApp) {
      takeJsonBodies(app)
      takeNdjsonStreams(app)
      addRoutes(app, context)
      addModelsRoutes(app, context)
      addInferenceRoutes(app, context)
      addRulesRoutes(app, profile, objectStore)
    },
    async startServing() {
      await startHosts()
    },
    async startConsuming() {
      await startHosts()
      owned.use(await consumeTexts({ eventLog, context, rules, clock }))
    },
    notReady: () => [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
