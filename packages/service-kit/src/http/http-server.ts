import type { ServiceName } from '@rapport/contracts'
import { routePrefixes } from '@rapport/contracts'
import type { AccessControl } from '../access/access-control.ts'
import type { HttpApp, Service } from '../service.ts'
import { addAuthentication } from './authentication.ts'
import { createBaseServer, type BaseServerOptions, type HttpServer } from './base-server.ts'
import { addOpenApi } from './openapi.ts'
import { addOperationsRoutes } from './operations-routes.ts'
import { addReferencePage } from './reference-page.ts'

export interface HttpServerOptions extends Omit<BaseServerOptions, 'notReady'> {
  readonly access: AccessControl
  readonly title: string
  readonly version: string
  readonly services: readonly Pick<Service, 'name' | 'routes' | 'notReady'>[]
}

/** Composes the HTTP side of a process: every service's routes on one app, and what all of them share. */
export function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { access, services, title } = options
  const notReady = (): readonly string[] => [
    ...access.notReady(),
    ...services.flatMap((service) => service.notReady().map((reason) => `${service.name}: ${reason}`)),
  ]
  return createBaseServer({ ...options, notReady }, async (app, operations) => {
    addAuthentication(app, access)
    await addOpenApi(app, options)
    addOperationsRoutes(app, operations)
    addReferencePage(app, title)
    for (const service of services) await registerService(app, service)
  })
}

async function registerService(app: HttpApp, service: Pick<Service, 'name' | 'routes'>): Promise<void> {
  await app.register(async (scoped: HttpApp) => {
    scoped.addHook('onRoute', (route) => {
      if (!ownsPath(service.name, route.url))
        throw new Error(`The path ${route.url} does not belong to the service ${service.name}.`)
      route.schema = { ...route.schema, tags: route.schema?.tags ?? [service.name] }
    })
    await service.routes(scoped)
  })
}

const ownsPath = (name: ServiceName, url: string): boolean =>
  routePrefixes[name].some((prefix) => url === prefix || url.startsWith(`${prefix}/`))
