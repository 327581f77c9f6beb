import { createModelHost, createModelStore } from '@rapport/model-store'
import type { HttpApp, Service, ServiceDependencies } from '@rapport/service-kit'
import { createClassifierLoader } from './adapters/classifier-loader.ts'
import type { TextContext } from './application/context.ts'
import { ShadowScoring } from './application/shadow-scoring.ts'
import type { TextClassificationConfig } from './config.ts'
import type { ServedClassifier } from './domain/served-classifier.ts'
import { addTextModelMetrics, createTextMetrics } from './metrics.ts'
import { addClassifyRoute } from './routes/classify.ts'
import { addInferenceRoutes } from './routes/inference.ts'
import { takeJsonBodies, takeNdjsonStreams } from './routes/json-bodies.ts'
import { addModelsRoutes } from './routes/models.ts'

/** Labels texts by the tenants' own models and says why. */
export async function createTextClassificationService(
  config: TextClassificationConfig,
  dependencies: ServiceDependencies,
): Promise<Service> {
  const { log, clock, eventLog, objectStore, metrics } = dependencies
  await using stack = new AsyncDisposableStack()
  const store = createModelStore(objectStore, { log, clock })
  const served = new Set<ServedClassifier>()
  const shadows = new Set<ServedClassifier>()
  const { explainTimeoutMs, modelPollMs: pollMs } = config
  const shared = { store, log, clock, eventLog, pollMs }
  const loader = createClassifierLoader(served)
  const host = stack.use(createModelHost({ ...shared, loader, budgetBytes: config.modelBytes }))
  const shadowHost = stack.use(
    createModelHost({
      ...shared,
      loader: createClassifierLoader(shadows),
      alias: 'shadow',
      budgetBytes: config.shadowBytes,
      // Most models have no shadow, and calls need not ask for one again and again.
      pauseBetweenLooksMs: pollMs,
    }),
  )
  addTextModelMetrics(metrics, { hosts: [host, shadowHost], served, shadows })
  const textMetrics = createTextMetrics(metrics)
  const hasShadows = config.shadowBytes > 0
  const shadow = stack.use(
    new ShadowScoring({ host: hasShadows ? shadowHost : undefined, served: shadows, metrics: textMetrics, log }),
  )
  const context: TextContext = { host, store, served, shadow, metrics: textMetrics, log, explainTimeoutMs }
  const owned = stack.move()
  return {
    name: 'text-classification',
    routes(app: HttpApp) {
      takeJsonBodies(app)
      takeNdjsonStreams(app)
      addClassifyRoute(app, context)
      addModelsRoutes(app, context)
      addInferenceRoutes(app, context)
    },
    async startServing() {
      await Promise.all([host.start(), ...(hasShadows ? [shadowHost.start()] : [])])
    },
    startConsuming: () => Promise.resolve(),
    notReady: () => [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
