import { METHODS } from 'node:http'
import { ErrorBodySchema } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpApp } from '../service.ts'
import { createTestPlatform, type TestPlatform } from '../testing.ts'
import { HttpError } from './http-error.ts'
import type { HttpServer } from './base-server.ts'

const BodySchema = Type.Object(
  {
    count: Type.Integer({ minimum: 1 }),
    filter: Type.Optional(Type.Object({ tag: Type.String() }, { additionalProperties: false })),
  },
  { additionalProperties: false },
)

function routes(app: HttpApp): void {
  const config = { scope: 'recommend' } as const
  const AnswerSchema = Type.Object({ tenant: Type.String(), count: Type.Integer() })
  app.post(
    '/v1/recommendations',
    { config: { ...config, errors: [404] }, schema: { body: BodySchema, response: { 200: AnswerSchema } } },
    (request) => ({ tenant: request.principal.tenant, count: request.body.count }),
  )
  app.get(
    '/v1/recommendations/users/:id',
    {
      config,
      schema: {
        params: Type.Object({ id: Type.String({ maxLength: 5 }) }),
        querystring: Type.Object({ count: Type.Integer({ default: 10 }) }, { additionalProperties: false }),
        response: { 200: AnswerSchema },
      },
    },
    (request) => ({ tenant: request.params.id, count: request.query.count }),
  )
  app.get(
    '/v1/recommendations/fails/:how',
    { config, schema: { params: Type.Object({ how: Type.String() }) } },
    (request) => {
      const { how } = request.params
      if (how === 'bug') throw new Error('the password is hunter2')
      if (how === 'store') throw new RapportError('RPT_STORE_DOWN', 'no answer from 10.0.0.7', { canRetry: true })
      throw new HttpError(409, 'RPT_TEST_CONFLICT', 'It is taken.', [{ field: 'name', reason: 'is taken' }])
    },
  )
  app.post(
    '/v1/recommendations/own-key',
    {
      config: { ...config, auth: 'handler', charge: 'handler' },
      schema: { body: Type.Object({ key: Type.String(), cost: Type.Integer() }) },
    },
    async (request) => {
      const principal = await request.authenticate(request.body.key)
      request.charge(request.body.cost)
      return { tenant: principal.tenant }
    },
  )
}

let platform: TestPlatform
let server: HttpServer
let key: string
let waitsFor: string[]

beforeEach(async () => {
  let nowMs = 0
  waitsFor = []
  platform = await createTestPlatform({ clock: { now: () => (nowMs += 1) }, rateLimit: { perSecond: 0.5, burst: 20 } })
  key = await platform.issueKey('acme', ['recommend'])
  server = await platform.serve([{ name: 'recommendation', routes, notReady: () => waitsFor }])
})
afterEach(() => platform[Symbol.asyncDispose]())

const call = (options: InjectOptions): Promise<LightMyRequestResponse> =>
  server.app.inject({ ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } })
const json = { 'content-type': 'application/json' }

describe('errors', () => {
  it.each<[string, InjectOptions, number, string]>([
    [
      'a field that is wrong',
      { method: 'POST', url: '/v1/recommendations', payload: { count: 0 } },
      400,
      'RPT_HTTP_INVALID',
    ],
    ['no body', { method: 'POST', url: '/v1/recommendations' }, 400, 'RPT_HTTP_INVALID'],
    [
      'malformed JSON',
      { method: 'POST', url: '/v1/recommendations', payload: '{"a', headers: json },
      400,
      'RPT_HTTP_MALFORMED',
    ],
    [
      'an empty JSON body',
      { method: 'POST', url: '/v1/recommendations', payload: '', headers: json },
      400,
      'RPT_HTTP_MALFORMED',
    ],
    [
      'another type',
      { method: 'POST', url: '/v1/recommendations', payload: '<a>', headers: { 'content-type': 'text/xml' } },
      415,
      'RPT_HTTP_UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'plain text',
      { method: 'POST', url: '/v1/recommendations', payload: '{}', headers: { 'content-type': 'text/plain' } },
      415,
      'RPT_HTTP_UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'a large body',
      { method: 'POST', url: '/v1/recommendations', payload: { x: 'x'.repeat(1024 ** 2) } },
      413,
      'RPT_HTTP_TOO_LARGE',
    ],
    ['a bad query', { url: '/v1/recommendations/users/a?count=many' }, 400, 'RPT_HTTP_INVALID'],
    ['a bad path', { url: '/v1/recommendations/users/abcdef' }, 400, 'RPT_HTTP_INVALID'],
    ['a path that cannot be decoded', { url: '/v1/recommendations/users/%' }, 400, 'RPT_HTTP_MALFORMED'],
    ['another method', { method: 'DELETE', url: '/v1/recommendations' }, 405, 'RPT_HTTP_METHOD_NOT_ALLOWED'],
    [
      'another method with a large body',
      { method: 'PUT', url: '/v1/recommendations', payload: { x: 'x'.repeat(1024 ** 2) } },
      405,
      'RPT_HTTP_METHOD_NOT_ALLOWED',
    ],
    ['an unknown path', { url: '/v1/nothing' }, 404, 'RPT_HTTP_NOT_FOUND'],
    ['a refusal by the handler', { url: '/v1/recommendations/fails/conflict' }, 409, 'RPT_TEST_CONFLICT'],
    ['a store that is down', { url: '/v1/recommendations/fails/store' }, 503, 'RPT_HTTP_UNAVAILABLE'],
    ['a bug', { url: '/v1/recommendations/fails/bug' }, 500, 'RPT_HTTP_INTERNAL'],
  ])('%s has the one format', async (_name, options, status, code) => {
    const answer = await call(options)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.json()).toMatchObject({ error: { code, requestId: answer.headers['x-request-id'] } })
    expect(Value.Check(ErrorBodySchema, answer.json())).toBe(true)
  })

  it('name the methods that a path takes, whatever else it is asked for', async () => {
    for (const method of METHODS.filter((each) => !['POST', 'CONNECT'].includes(each))) {
      for (const contentType of [undefined, 'application/json', 'neither']) {
        const headers = contentType === undefined ? {} : { 'content-type': contentType }
        const answer = await server.app.inject({ method: method as 'GET', url: '/v1/recommendations/?x=1', headers })
        expect([method, answer.statusCode, answer.headers['allow']]).toEqual([method, 405, 'POST'])
      }
    }
  })

  it('name every field and its reason', async () => {
    const answer = await call({
      method: 'POST',
      url: '/v1/recommendations',
      payload: { filter: { tags: 1 }, extra: 1 },
    })
    expect(answer.json<{ error: { details: unknown[] } }>().error.details).toEqual(
      expect.arrayContaining([
        { field: 'count', reason: 'is required' },
        { field: 'extra', reason: 'is not a known field' },
        { field: 'filter.tag', reason: 'is required' },
        { field: 'filter.tags', reason: 'is not a known field' },
      ]),
    )
    const query = await call({ url: '/v1/recommendations/users/abcdef?count=1.5' })
    expect(query.json<{ error: { details: { field: string }[] } }>().error.details[0]?.field).toBe('path.id')
  })

  it('say nothing of what is inside', async () => {
    expect((await call({ url: '/v1/recommendations/fails/bug' })).body).not.toContain('hunter2')
    const down = await call({ url: '/v1/recommendations/fails/store' })
    expect(down.body).not.toContain('10.0.0.7')
    expect(down.headers['retry-after']).toBe('1')
  })
})

describe('errors below a path that has a form of its own', () => {
  it('have that form, of whatever is refused, and no others do', async () => {
    const form = {
      contentType: 'application/json',
      render: ({ message }: HttpError) => JSON.stringify({ no: message }),
    }
    const { app } = await platform.serve([
      {
        name: 'text-classification',
        notReady: () => [],
        routes: (routed) => {
          routed.answerErrorsBelow('/v1/text/v9', form)
          for (const url of ['/v1/text/v9/:name', '/v1/text/v90'])
            routed.get(url, { config: { scope: 'text' } }, () => ({}))
        },
      },
    ])
    const answers = async (method: 'GET' | 'PUT', url: string) => {
      const { statusCode, headers, json: read } = await app.inject({ method, url })
      return [statusCode, headers['content-type'], Object.keys(read())]
    }
    const own = ['application/json', ['no']]
    expect(await answers('GET', '/v1/text/v9/a')).toEqual([401, ...own])
    expect(await answers('GET', '/v1/text/%76%39/a')).toEqual([401, ...own])
    expect(await answers('PUT', '/v1/text/v9/a?b')).toEqual([405, ...own])
    expect(await answers('GET', '/v1/text/v9')).toEqual([404, ...own])
    expect(await answers('GET', '/v1/text/v9/a/b')).toEqual([404, ...own])
    expect(await answers('GET', '/v1/text/v9/%')).toEqual([400, ...own])
    expect(await answers('PUT', '/v1/text/v90')).toEqual([405, 'application/json; charset=utf-8', ['error']])
  })
})

describe('a slash at the end', () => {
  it('changes no path, and stays in a parameter when it is encoded', async () => {
    const post = await call({ method: 'POST', url: '/v1/recommendations/', payload: { count: 3 } })
    expect([post.statusCode, post.json()]).toEqual([200, { tenant: 'acme', count: 3 }])
    expect((await call({ url: '/v1/recommendations/users/a/?count=2' })).json()).toEqual({ tenant: 'a', count: 2 })
    expect((await call({ url: '/v1/recommendations/users/a%2F' })).json()).toEqual({ tenant: 'a/', count: 10 })
  })
})

describe('access', () => {
  it('refuses without a key, with an unknown one and without the scope', async () => {
    const url = '/v1/recommendations/users/a'
    const without = await server.app.inject({ url })
    expect(without.statusCode).toBe(401)
    expect(without.headers['www-authenticate']).toEqual([
      expect.stringContaining('Bearer') as string,
      expect.stringContaining('Basic') as string,
    ])
    expect((await call({ url, headers: { authorization: 'Bearer rpt_nobody' } })).statusCode).toBe(401)
    const other = await platform.issueKey('acme', ['text'])
    const forbidden = await call({ url, headers: { authorization: `Bearer ${other}` } })
    expect(forbidden.statusCode).toBe(403)
    expect(forbidden.headers['www-authenticate']).toContain('insufficient_scope')
  })

  it('is decided before the body is looked at', async () => {
    const answer = await server.app.inject({ method: 'POST', url: '/v1/recommendations', payload: '{', headers: json })
    expect(answer.statusCode).toBe(401)
  })

  it('may come from the body where the route says so', async () => {
    const post = (payload: object): Promise<LightMyRequestResponse> =>
      server.app.inject({ method: 'POST', url: '/v1/recommendations/own-key', payload })
    expect((await post({ key, cost: 1 })).json()).toEqual({ tenant: 'acme' })
    expect((await post({ key: 'rpt_nobody', cost: 1 })).statusCode).toBe(401)
  })

  it('is limited by a bucket, with a Retry-After in whole seconds', async () => {
    const post = (cost: number): Promise<LightMyRequestResponse> =>
      call({ method: 'POST', url: '/v1/recommendations/own-key', payload: { key, cost } })
    expect((await post(20)).statusCode).toBe(200)
    const refused = await post(1)
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['retry-after']).toBe('2')
  })

  it('must be declared by every route below /v1, and only below the prefixes of its service', async () => {
    const serve = (url: string, config: object): Promise<HttpServer> =>
      platform.serve([
        { name: 'recommendation', notReady: () => [], routes: (app) => void app.get(url, { config }, () => 'x') },
      ])
    await expect(serve('/v1/recommendations/x', {})).rejects.toThrow('declares no scope')
    await expect(serve('/v1/items', { scope: 'recommend' })).rejects.toThrow('does not belong')
    await expect(serve('/v1/recommendationsx', { scope: 'recommend' })).rejects.toThrow('does not belong')
  })
})

describe('request ids', () => {
  it('are taken over when they are harmless, and made otherwise', async () => {
    const idFor = async (id: string): Promise<unknown> =>
      (await call({ url: '/health/live', headers: { 'x-request-id': id } })).headers['x-request-id']
    expect(await idFor('abc-1:2_3.4')).toBe('abc-1:2_3.4')
    expect(await idFor('a b')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await idFor('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('health', () => {
  it('is ready when everything is, and says what it waits for', async () => {
    expect((await call({ url: '/health/ready' })).json()).toEqual({ status: 'ready', waitingFor: [] })
    waitsFor.push('the first model')
    const answer = await call({ url: '/health/ready' })
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toEqual({ status: 'not ready', waitingFor: ['recommendation: the first model'] })
    expect((await call({ url: '/health/live' })).statusCode).toBe(200)
  })

  it('is not ready while the process stops', async () => {
    server.drain()
    expect((await call({ url: '/health/ready' })).statusCode).toBe(503)
  })
})

describe('metrics', () => {
  it('count by route pattern, and unknown paths as one', async () => {
    await call({ url: '/v1/recommendations/users/a' })
    await call({ url: '/v1/recommendations/users/b' })
    await call({ url: '/x1' })
    await call({ url: '/x2' })
    const { body } = await call({ url: '/metrics' })
    const count = (route: string): string | undefined =>
      body.split('\n').find((line) => line.includes('duration_seconds_count') && line.includes(`route="${route}"`))
    expect(count('/v1/recommendations/users/:id')).toMatch(/status="200"} 2$/)
    expect(count('unknown')).toMatch(/status="404"} 2$/)
    expect(body).toContain('process_cpu_seconds_total')
    const used = Number(/^nodejs_heap_size_used_bytes (\d+)$/m.exec(body)?.[1])
    expect(Number(/^rapport_heap_limit_bytes (\d+)$/m.exec(body)?.[1])).toBeGreaterThan(used)
  })
})
