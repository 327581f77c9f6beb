import { createModelHost, createModelStore } from '@rapport/model-store'
import type { HttpApp, Service, ServiceDependencies } from '@rapport/service-kit'
import { createClassifierLoader } from './adapters/classifier-loader.ts'
import type { TextContext } from './application/context.ts'
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
  const host = stack.use(
    createModelHost({
      store,
      loader: createClassifierLoader(served),
      log,
      clock,
      eventLog,
      budgetBytes: config.modelBytes,
      pollMs: config.modelPollMs,
    }),
  )
  addTextModelMetrics(metrics, { host, served })
  const { explainTimeoutMs } = config
  const context: TextContext = { host, store, served, metrics: createTextMetrics(metrics), log, explainTimeoutMs }
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
    startServing: () => host.start(),
    startConsuming: () => Promise.resolve(),
    notReady: () => [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
