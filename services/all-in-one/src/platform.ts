import { operatorTenant, scopes, type Scope } from '@rapport/contracts'
import { systemClock } from '@rapport/core'
import type { Logger } from '@rapport/service-kit'
import {
  addDriverMetrics,
  connectDrivers,
  createHttpServer,
  readTenantAccess,
  startAccessControl,
} from '@rapport/service-kit'
import { Registry } from 'prom-client'
import type { AllInOneConfig } from './compose-services.ts'
import { composeServices } from './compose-services.ts'
import { startConsumers } from './consumers.ts'
import { adminKeyPath, claimDataFolder } from './data-folder.ts'
import { ensureTenant } from './first-tenant.ts'

/** What the key of a tenant of somebody else may do: everything but administer keys and the installation. */
const userScopes: readonly Scope[] = scopes.filter((scope) => scope !== 'ops:admin' && scope !== 'keys:admin')

export interface Platform extends AsyncDisposable {
  readonly url: string
  /** True when the data folder was new. */
  readonly isNew: boolean
  /** Rejects when a part of the platform has failed beyond repair. */
  readonly failed: Promise<never>
  /** Makes a tenant with a key in a file of its own, unless it is there. True when it is new. */
  ensureTenant(tenant: string, keyPath: string): Promise<boolean>
  hasTenant(tenant: string): Promise<boolean>
}

/**
 * Every service in one process on one data folder: HTTP on this thread, consumers on another. They share nothing but the
 * stores, as separate processes would.
 * @throws RapportError `RPT_DATA_FOLDER_IN_USE`
 */
export async function startPlatform(config: AllInOneConfig, log: Logger): Promise<Platform> {
  await using stack = new AsyncDisposableStack()
  const dataDir = config.RAPPORT_DATA_DIR
  stack.use(await claimDataFolder(dataDir))
  const drivers = stack.use(await connectDrivers(config, log))
  const { eventLog, onlineStore, objectStore } = drivers
  const shared = { log, clock: systemClock, eventLog, objectStore }
  const admin = { path: adminKeyPath(dataDir), tenant: operatorTenant, keyName: 'admin', scopes }
  const isNew = await ensureTenant(shared, admin)
  const rateLimit = { perSecond: config.RAPPORT_KEY_RATE_PER_SECOND, burst: config.RAPPORT_KEY_BURST }
  const pollMs = config.RAPPORT_KEY_POLL_SECONDS * 1000
  const access = stack.use(await startAccessControl({ ...shared, rateLimit, pollMs }))
  const consumers = stack.use(await startConsumers(config))
  const metrics = new Registry()
  addDriverMetrics(metrics, drivers)
  const { services } = stack.use(await composeServices(config, { ...shared, onlineStore, metrics }))
  const server = stack.use(
    await createHttpServer({
      log,
      access,
      title: 'Rapport',
      version: '0.1.0',
      services,
      metrics,
      scrape: () => consumers.scrape(metrics),
      limits: { stopMs: config.RAPPORT_STOP_SECONDS * 1000 },
    }),
  )
  for (const service of services) await service.startServing()
  const { url } = await server.listen({ port: config.PORT, host: config.RAPPORT_HOST })
  const owned = stack.move()
  return {
    url,
    isNew,
    failed: consumers.failed,
    ensureTenant: (tenant, path) => ensureTenant(shared, { path, tenant, keyName: 'shop', scopes: userScopes }),
    hasTenant: async (tenant) => (await readTenantAccess(objectStore, tenant)) !== undefined,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
