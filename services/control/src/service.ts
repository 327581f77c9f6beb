import type { Log } from '@rapport/core'
import { flushArchive } from '@rapport/features'
import { createModelStore } from '@rapport/model-store'
import { ensureAdminKey, type HttpApp, type Service, type ServiceDependencies } from '@rapport/service-kit'
import type { ControlConfig } from './config.ts'
import { announceAlias, announceChampion } from './jobs/announce-champion.ts'
import { EventCounter } from './jobs/event-counts.ts'
import { JobRunner } from './jobs/job-runner.ts'
import { JobWatcher, type JobWatcherOptions } from './jobs/job-watcher.ts'
import { createStartTraining, type StartTraining, type TrainingProcessOptions } from './jobs/training-process.ts'
import { StarterTraining } from './jobs/starter-training.ts'
import { TenantRemover } from './jobs/tenant-remover.ts'
import { TrainingScheduler } from './jobs/training-scheduler.ts'
import { countTraining, createControlMetrics } from './metrics.ts'
import { addDatasetUploadRoute } from './routes/dataset-upload.ts'
import { addDatasetRoutes } from './routes/datasets.ts'
import { addKeyRoutes } from './routes/keys.ts'
import { addModelRoutes } from './routes/models.ts'
import { addTenantRoutes } from './routes/tenants.ts'
import { addTrainingJobRoutes } from './routes/training-jobs.ts'

export interface ControlOverrides {
  readonly startTraining?: StartTraining
  /** Brings the archive up to the log's end. */
  readonly flushArchive?: () => Promise<void>
}

const graceMs = 5_000

/** The control plane: tenants, keys, data sets, training jobs and models over REST; the runner and the schedule of trainings and the removal of tenants as a consumer. */
export async function createControlService(
  config: ControlConfig,
  dependencies: ServiceDependencies,
  overrides: ControlOverrides = {},
): Promise<Service> {
  const { eventLog, objectStore, log, clock } = dependencies
  await using stack = new AsyncDisposableStack()
  const models = createModelStore(objectStore, { log, clock, announce: (change) => announceAlias(eventLog, change) })
  const { pollMs, minEvents, everyMs, budgetSeconds, firstBudgetSeconds } = config
  const scheduler = stack.use(
    new TrainingScheduler({ ...dependencies, models, pollMs, minEvents, everyMs, budgetSeconds, firstBudgetSeconds }),
  )
  const starters = stack.use(new StarterTraining({ ...dependencies, models, pollMs }))
  const counter = stack.use(new EventCounter({ eventLog, objectStore, log, flushMs: Math.min(2_000, pollMs) }))
  const archiveFlush = overrides.flushArchive ?? (() => flushArchive(eventLog))
  const metrics = createControlMetrics(dependencies.metrics)
  const jobs: JobWatcherOptions = {
    ...dependencies,
    flushArchive: archiveFlush,
    announceChampion: (job) => announceChampion({ eventLog, models, log }, job),
    onFinished: (job) => countTraining(metrics, job),
    pollMs,
  }
  const startTraining = overrides.startTraining ?? createStartTraining(toProcessOptions(config, log))
  const runner = stack.use(
    config.runsElsewhere ? new JobWatcher(jobs) : new JobRunner({ ...jobs, startTraining, graceMs }),
  )
  const settleMs = config.removalSettleMs
  const remover = stack.use(
    new TenantRemover({ ...dependencies, counter, flushArchive: archiveFlush, settleMs, pollMs }),
  )
  const owned = stack.move()
  return {
    name: 'control',
    routes: async (app) => {
      addTenantRoutes(app, dependencies)
      addKeyRoutes(app, dependencies)
      const followMs = Math.min(500, pollMs)
      addTrainingJobRoutes(app, { objectStore, eventLog, clock, log, models, budgetSeconds, followMs })
      addModelRoutes(app, models)
      addDatasetRoutes(app, { objectStore, log })
      // It takes bodies its own way, so it has a scope of its own.
      await app.register(uploads(config, dependencies))
    },
    startServing: () => admitAdmin(config.adminKey, dependencies),
    startConsuming: async () => {
      await counter.start()
      await runner.start()
      scheduler.start()
      if (config.starterModels) starters.start()
      await remover.start()
    },
    notReady: () => [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const toProcessOptions = (config: ControlConfig, log: Log): TrainingProcessOptions => ({
  entry: config.trainingEntry,
  stores: config.stores,
  memoryMb: config.trainingMemoryMb,
  keepVersions: config.keepVersions,
  logLevel: config.logLevel,
  log,
})

const uploads =
  (config: ControlConfig, { objectStore, clock, log }: ServiceDependencies) =>
  (part: HttpApp): Promise<void> => {
    const { datasetRows: maxRows, datasetBytes: maxBytes } = config
    addDatasetUploadRoute(part, { objectStore, clock, log, maxRows, maxBytes })
    return Promise.resolve()
  }

async function admitAdmin(key: string | undefined, dependencies: ServiceDependencies): Promise<void> {
  if (key === undefined) return
  if ((await ensureAdminKey(dependencies, key)) === 'revoked') {
    dependencies.log.warn('the key in RAPPORT_ADMIN_KEY has been revoked and stays so')
  }
}
