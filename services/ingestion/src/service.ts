import type { HttpApp, Service, ServiceDependencies } from '@rapport/service-kit'
import { createAcceptEvents } from './application/accept-events.ts'
import { createBatchThreads } from './application/batch-threads.ts'
import { createItemChanges } from './application/change-item.ts'
import { createDeadLetters } from './application/dead-letters.ts'
import { createImportItems } from './application/import-items.ts'
import { CatalogueRepairs } from './application/catalogue-repairs.ts'
import { ItemStore } from './application/item-store.ts'
import { ItemVersions } from './application/item-versions.ts'
import { repairCatalogue } from './application/repair-catalogue.ts'
import { createTailEvents } from './application/tail-events.ts'
import { TenantCreationTimes } from './application/tenant-creation-times.ts'
import type { IngestionConfig } from './config.ts'
import { consumeInboxes } from './consumers/inbox-consumer.ts'
import { createIngestionMetrics } from './metrics.ts'
import { addCloudEventsRoute } from './routes/cloud-events.ts'
import { addDeadLetterRoutes } from './routes/dead-letters.ts'
import { addEventTailRoute } from './routes/event-tail.ts'
import { addItemImportRoute } from './routes/item-import.ts'
import { addItemRoutes } from './routes/items.ts'
import { addTrackingRoutes } from './routes/tracking.ts'

/** Events and catalogue into the log: validation, time correction, acceptance, item documents and their versions. */
export function createIngestionService(config: IngestionConfig, dependencies: ServiceDependencies): Promise<Service> {
  const { clock, eventLog, onlineStore, log } = dependencies
  const { publishDeadlineMs } = config
  const metrics = createIngestionMetrics(dependencies.metrics)
  const versions = new ItemVersions({ eventLog, log })
  const repairs = new CatalogueRepairs({
    onlineStore,
    log,
    repair: (signal) => repairCatalogue({ items, versions, eventLog, log, signal }),
  })
  const repair = (): Promise<void> => repairs.run()
  const items = new ItemStore({ onlineStore, eventLog, versions, repair, log, publishDeadlineMs })
  const acceptEvents = createAcceptEvents({ eventLog, metrics, publishDeadlineMs })
  const batchThreads = createBatchThreads(config.batchThreads)
  const stack = new AsyncDisposableStack()
  stack.use(versions)
  stack.use(repairs)
  stack.use(batchThreads)

  return Promise.resolve({
    name: 'ingestion',
    async routes(app) {
      // Each part takes bodies its own way, so each has a scope of its own.
      await app.register((part: HttpApp) =>
        plugin(() => addTrackingRoutes(part, { clock, acceptEvents, batchThreads })),
      )
      await app.register((part: HttpApp) => plugin(() => addCloudEventsRoute(part, { clock, acceptEvents })))
      await app.register((part: HttpApp) =>
        plugin(() => addItemImportRoute(part, createImportItems({ items, clock, metrics }))),
      )
      await app.register((part: HttpApp) =>
        plugin(() => addItemRoutes(part, createItemChanges({ items, clock, metrics }))),
      )
      addEventTailRoute(app, createTailEvents(eventLog))
      addDeadLetterRoutes(app, createDeadLetters(eventLog, publishDeadlineMs))
    },
    startServing: () => versions.start(),
    async startConsuming() {
      await versions.start()
      repairs.watch()
      const tenants = config.inboxTenants
      if (tenants.length === 0) return
      const creationTimes = new TenantCreationTimes({ objectStore: dependencies.objectStore, clock, log })
      stack.use(await consumeInboxes({ eventLog, tenants, creationTimes, metrics, publishDeadlineMs, log, clock }))
    },
    notReady: () => [],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  })
}

const plugin = (add: () => void): Promise<void> => {
  add()
  return Promise.resolve()
}
