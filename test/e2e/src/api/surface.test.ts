import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { METHODS } from 'node:http'
import { AllInOneConfigSchema, composeServices } from '@rapport/all-in-one/services'
import { routePrefixes, scopes } from '@rapport/contracts'
import { readConfig } from '@rapport/service-kit'
import { createTestPlatform } from '@rapport/service-kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Route {
  readonly method: string
  readonly url: string
  readonly schema?: { readonly hide?: boolean; readonly body?: object }
  readonly config?: { readonly scope?: string; readonly errors?: readonly number[] }
}
interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly tags: readonly string[]
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const inferenceError: unknown = expect.objectContaining({ properties: { error: { type: 'string' } } })

const routes: Route[] = []
const stack = new AsyncDisposableStack()
let ask: (
  method: string,
  url: string,
) => Promise<{ statusCode: number; headers: Record<string, unknown>; body: string }>
let document: Document
let operations: { readonly name: string; readonly path: string; readonly operation: Operation; readonly route: Route }[]

/** `/v1/items/:id` as the API document writes it. */
const templated = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}')

beforeAll(async () => {
  const noteRoutes = (message: unknown): void => {
    const { fastify } = message as { fastify: { addHook(name: 'onRoute', hook: (route: Route) => void): void } }
    fastify.addHook('onRoute', (route) => routes.push(...[route.method].flat().map((method) => ({ ...route, method }))))
  }
  const platform = stack.use(await createTestPlatform())
  const config = readConfig(AllInOneConfigSchema, { RAPPORT_DATA_DIR: platform.dataDir })
  const { services } = stack.use(await composeServices(config, platform.dependencies))
  subscribe('fastify.initialization', noteRoutes)
  const server = await platform.serve(services)
  unsubscribe('fastify.initialization', noteRoutes)
  ask = (method, url) => server.app.inject({ method: method as 'GET', url })
  document = JSON.parse((await ask('GET', '/openapi.json')).body) as Document
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`
      const route = routes.find((each) => `${each.method} ${templated(each.url)}` === name)
      return route === undefined ? [] : [{ name, path, operation, route }]
    }),
  )
})
afterAll(() => stack.disposeAsync())

describe('the API document', () => {
  it('has every route and nothing else', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const served = routes.map(({ method, url }) => `${method} ${templated(url)}`)
    // The pages that show the document are not a part of the API. OPTIONS is how a browser asks, by itself and without a
    // key, whether a page may call the event endpoints (the CORS protocol): no client ever calls it.
    const pages = ['GET /docs', 'GET /docs/*']
    const eventPaths = ['track', 'identify', 'page', 'screen', 'group', 'alias', 'batch', 'import']
    const preflights = eventPaths.map((path) => `OPTIONS /v1/${path}`)
    expect(documented.length).toBeGreaterThan(40)
    expect(served.toSorted()).toEqual([...documented, ...pages, ...preflights].toSorted())
    expect(new Set(served).size).toBe(served.length)
  })

  it('names every operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { name, operation } of operations) {
      expect(operation.operationId, name).toMatch(/^[a-z]+[A-Za-z]+$/)
      expect(operation.summary, name).toMatch(/\S/)
    }
  })

  it('says the scope that a route asks for, and shows what is open to all', () => {
    const [versioned, open] = [true, false].map((isVersioned) =>
      operations.filter(({ path }) => path.startsWith('/v1/') === isVersioned),
    )
    for (const { name, operation, route } of versioned ?? []) {
      const scope = route.config?.scope
      expect(['any', ...scopes], name).toContain(scope)
      const needed = scope === 'any' ? [] : [scope]
      const schemes = ['bearer', 'basic', 'apiKey', 'writeKey']
      expect(operation.security, name).toEqual(schemes.map((scheme) => ({ [scheme]: needed })))
    }
    expect(open?.map(({ name }) => name)).toEqual([
      'GET /openapi.json',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
    ])
    expect(open?.every(({ operation }) => operation.security === undefined)).toBe(true)
  })

  it('says every error that an operation may answer, in the one format', () => {
    for (const { name, path, operation, route } of operations) {
      const statuses = Object.keys(operation.responses).map(Number)
      const takesBody = /^(POST|PUT|PATCH) /.test(name)
      const common = path.startsWith('/v1/') ? [400, 401, 403, 429, 500, 503, ...(takesBody ? [413, 415] : [])] : [500]
      expect(statuses, name).toEqual(expect.arrayContaining([...common, ...(route.config?.errors ?? [])]))
      expect(statuses.filter((status) => status < 400).length, name).toBeGreaterThan(0)
      // The Open Inference Protocol has an error body of its own.
      const schema = /^[/]v1[/]\w+[/]v2/.test(path) ? inferenceError : { $ref: '#/components/schemas/Error' }
      for (const status of statuses.filter((each) => each >= 400 && path.startsWith('/v1/'))) {
        expect(operation.responses[status]?.content, `${name} ${status}`).toEqual({ 'application/json': { schema } })
      }
    }
  })
})

describe('paths', () => {
  it('have one owner each, which serves them', () => {
    const prefixes = Object.entries(routePrefixes).flatMap(([owner, owned]) =>
      owned.map((prefix: string) => ({ owner, prefix })),
    )
    const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)
    for (const { owner, prefix } of prefixes) {
      expect(prefixes.filter((other) => isBelow(other.prefix, prefix))).toEqual([{ owner, prefix }])
      expect(
        operations.some(({ path, operation }) => isBelow(path, prefix) && operation.tags.includes(owner)),
        prefix,
      ).toBe(true)
    }
    for (const { name, path, operation } of operations.filter((each) => each.path.startsWith('/v1'))) {
      const owners = prefixes.filter(({ prefix }) => isBelow(path, prefix)).map(({ owner }) => owner)
      expect([name, operation.tags]).toEqual([name, owners])
    }
  })

  it('answer 405 to every method that they do not have, and say which they have', async () => {
    for (const path of Object.keys(document.paths)) {
      const has = routes.filter(({ url }) => templated(url) === path).map(({ method }) => method)
      const url = path.replaceAll(/\{\w+\}/g, 'some-thing')
      for (const method of METHODS) {
        if (method === 'CONNECT' || has.includes(method)) continue
        const { statusCode, headers } = await ask(method, url)
        expect([method, url, statusCode, headers['allow']]).toEqual([method, url, 405, has.toSorted().join(', ')])
      }
    }
  })

  it('are the same with a slash at the end', async () => {
    for (const { route, path } of operations.filter((each) => each.path.startsWith('/v1/'))) {
      const url = `${path.replaceAll(/\{\w+\}/g, 'some-thing')}/`
      // Without a key: 401 is the route's, 404 would be nobody's; event routes look into the body for a key first.
      expect([401, 400], url).toContain((await ask(route.method, url)).statusCode)
    }
  })
})
