import type { Scope } from '@rapport/contracts'
import { systemClock, type Clock } from '@rapport/core'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { startAccessControl, type AccessControl, type AccessControlOptions } from './access/access-control.ts'
import { createKey, createTenant } from './access/change-access.ts'
import type { HttpServer } from './http/base-server.ts'
import { createHttpServer, type HttpServerOptions } from './http/http-server.ts'
import { readConfig } from './config/read-config.ts'
import { createLogger } from './logger.ts'
import { connectDrivers, type Drivers } from './process/connect-drivers.ts'
import { StoresSchema } from './process/store-config.ts'
import type { ServiceDependencies } from './service.ts'

/** A platform in a temporary folder: real embedded drivers, keys and HTTP, for tests of services. */
export interface TestPlatform extends AsyncDisposable {
  readonly dataDir: string
  readonly drivers: Drivers
  readonly dependencies: ServiceDependencies
  readonly access: AccessControl
  /** Text of a new key with these scopes; the tenant is made when there is none. The key works when this resolves. */
  issueKey(tenant: string, scopes: readonly Scope[]): Promise<string>
  /** An app with the services' routes; disposed with the platform. */
  serve(services: HttpServerOptions['services'], limits?: HttpServerOptions['limits']): Promise<HttpServer>
}

export type { HttpServer }

export interface TestPlatformOptions extends Pick<AccessControlOptions, 'rateLimit' | 'pollMs'> {
  readonly clock?: Clock
  readonly inboxTenants?: readonly string[]
}

export async function createTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const { clock = systemClock, inboxTenants = [], ...limits } = options
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-test-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const log = createLogger('test', { level: 'silent' })
  const drivers = stack.use(
    await connectDrivers(
      readConfig(StoresSchema, {
        RAPPORT_DATA_DIR: dataDir,
        RAPPORT_INBOX_TENANTS: inboxTenants.join(','),
      }),
      log,
    ),
  )
  const { eventLog, objectStore, onlineStore } = drivers
  const access = stack.use(await startAccessControl({ objectStore, eventLog, log, clock, ...limits }))
  const dependencies = { log, clock, eventLog, objectStore, onlineStore, metrics: new Registry() }
  const owned = stack.move()
  return {
    dataDir,
    drivers,
    dependencies,
    access,
    issueKey: async (tenant, scopes) => {
      const wanted = { name: 'test', scopes }
      const made = await createTenant(dependencies, tenant, wanted)
      const created = typeof made === 'string' ? await createKey(dependencies, tenant, wanted) : made.firstKey
      if (created === undefined) throw new Error(`The tenant ${tenant} went away.`)
      await access.refresh()
      return created.key
    },
    serve: async (services, httpLimits = {}) => {
      const metrics = new Registry()
      return owned.use(
        await createHttpServer({ log, access, title: 'Test', version: '0.0.0', services, limits: httpLimits, metrics }),
      )
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
