import { flushArchive } from '@rapport/features'
import { createModelStore } from '@rapport/model-store'
import type { HttpApp, Service, ServiceDependencies } from '@rapport/service-kit'
import { openClassifierHosts } from './adapters/classifier-hosts.ts'
import { ScoreCache } from './adapters/score-cache.ts'
import type { TextContext } from './application/context.ts'
import { ShadowScoring } from './application/shadow-scoring.ts'
import { LabelJobWorker } from './jobs/label-job-worker.ts'
import { TenantRules } from './application/tenant-rules.ts'
import { consumeTexts } from './consumers/consume-texts.ts'
import { addTextModelMetrics, createTextMetrics } from './metrics.ts'
import { addInferenceRoutes } from './routes/inference.ts'
import { takeJsonBodies, takeNdjsonStreams } from './routes/json-bodies.ts'
import { addLabelJobRoutes } from './routes/label-jobs.ts'
import { addModelsRoutes } from './routes/models.ts'
import { addRulesRoutes } from './routes/rules.ts'
import type { TextProfile } from './text-profile.ts'

export interface TextServingConfig {
  /** Memory for loaded models. */
  readonly modelBytes: number
  readonly modelPollMs: number
  /** Memory for challengers, and as much for shadows; 0 has neither. */
  readonly trialBytes: number
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
  const { modelBytes, trialBytes, modelPollMs: pollMs, explainTimeoutMs } = config
  const textMetrics = createTextMetrics(metrics, profile.metricPrefix)
  const cache = new ScoreCache({ store: onlineStore, metrics: textMetrics, log })
  const shared = { profile, store, log, clock, eventLog, cache }
  const hosts = openClassifierHosts(stack, { ...shared, modelBytes, trialBytes, pollMs })
  const { champions, challengers, shadows } = hosts
  const all = [champions, challengers, shadows].filter((each) => each !== undefined)
  addTextModelMetrics(metrics, { prefix: profile.metricPrefix, ...hosts })
  const shadow = stack.use(new ShadowScoring({ shadows, metrics: textMetrics, log }))
  const jobs = { service: profile.service, objectStore, eventLog, clock, log }
  const { label } = profile
  const rules = new TenantRules({ store: objectStore, service: profile.service, pollMs, clock, log })
  const flush = (signal: AbortSignal): Promise<void> => flushArchive(eventLog, { signal })
  const labelling = { ...jobs, host: champions.host, label, flushArchive: flush, pollMs }
  const worker = stack.use(new LabelJobWorker(labelling))
  const context: TextContext = {
    profile,
    host: champions.host,
    served: champions.served,
    challengers,
    store,
    shadow,
    jobs,
    metrics: textMetrics,
    log,
    explainTimeoutMs,
  }
  let started: Promise<unknown> | undefined
  /** Both halves of the service need it. */
  const startHosts = (): Promise<unknown> => (started ??= Promise.all(all.map(({ host }) => host.start())))
  const owned = stack.move()
  return {
    name: profile.service,
    routes(app: HttpApp) {
      takeJsonBodies(app)
      takeNdjsonStreams(app)
      addRoutes(app, context)
      addModelsRoutes(app, context)
      addLabelJobRoutes(app, context)
      addInferenceRoutes(app, context)
      addRulesRoutes(app, profile, objectStore)
    },
    async startServing() {
      await startHosts()
    },
    async startConsuming() {
      await startHosts()
      owned.use(await consumeTexts({ eventLog, context, rules, clock }))
      await worker.start()
    },
    notReady: () => [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
