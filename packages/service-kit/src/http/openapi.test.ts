import { Type } from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestPlatform, type TestPlatform } from '../testing.ts'
import type { HttpServer } from './base-server.ts'

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly security?: readonly object[]
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly securitySchemes: object; readonly schemas: Readonly<Record<string, object>> }
}

let platform: TestPlatform
let server: HttpServer
beforeEach(async () => {
  platform = await createTestPlatform()
  const name = Type.Object({ name: Type.String() }, { additionalProperties: false })
  server = await platform.serve([
    {
      name: 'control',
      notReady: () => [],
      routes: (app) => {
        app.post(
          '/v1/keys',
          {
            config: { scope: 'keys:admin', errors: [409] },
            schema: { operationId: 'createKey', body: name, response: { 201: name } },
          },
          (request) => request.body,
        )
        app.get(
          '/v1/keys/:id',
          {
            config: { scope: 'keys:admin' },
            schema: {
              params: Type.Object({ id: Type.String() }),
              querystring: Type.Object({ limit: Type.Integer({ default: 20 }), after: Type.String() }),
              response: { 200: name },
            },
          },
          () => ({ name: 'x' }),
        )
      },
    },
  ])
})
afterEach(() => platform[Symbol.asyncDispose]())

describe('the OpenAPI document', () => {
  it('has every endpoint and nothing else', async () => {
    const document = (await server.app.inject('/openapi.json')).json<Document>()
    expect(document.openapi).toBe('3.1.0')
    const endpoints = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(endpoints.sort()).toEqual([
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
      'GET /openapi.json',
      'GET /v1/keys/{id}',
      'POST /v1/keys',
    ])
  })

  it('says what each may answer, who may call it and what it is called', async () => {
    const { paths, components } = (await server.app.inject('/openapi.json')).json<Document>()
    const create = paths['/v1/keys']?.['post']
    expect(create?.operationId).toBe('createKey')
    expect(create?.tags).toEqual(['control'])
    expect(Object.keys(create?.responses ?? {})).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
      '429',
      '500',
      '503',
    ])
    expect(create?.security).toEqual(
      ['bearer', 'basic', 'apiKey', 'writeKey'].map((name) => ({ [name]: ['keys:admin'] })),
    )
    expect(create?.responses['409']?.content['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/Error',
    })
    expect(Object.keys(components.securitySchemes)).toEqual(['bearer', 'basic', 'apiKey', 'writeKey'])
    expect(Object.keys(components.schemas)).toEqual(['Error'])

    const read = paths['/v1/keys/{id}']?.['get']
    expect(read?.operationId).toBe('getKeysById')
    expect(read?.parameters).toMatchObject([
      { name: 'limit', in: 'query', required: false },
      { name: 'after', in: 'query', required: true },
      { name: 'id', in: 'path', required: true },
    ])
    expect(Object.keys(read?.responses ?? {})).toEqual(['200', '400', '401', '403', '429', '500', '503'])
    expect(paths['/health/live']?.['get']?.security).toBeUndefined()
  })

  it('can be browsed without anything from elsewhere', async () => {
    expect((await server.app.inject('/docs')).headers['location']).toBe('/docs/')
    const page = await server.app.inject('/docs/')
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.body).toContain('/openapi.json')
    expect([...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address)).toEqual([
      'data:,',
      'js/scalar.js',
    ])
    const script = await server.app.inject('/docs/js/scalar.js')
    expect(script.statusCode).toBe(200)
    expect(script.rawPayload.length).toBeGreaterThan(1_000_000)
  })
})
