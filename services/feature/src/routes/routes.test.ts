import { FeaturesResponseSchema } from '@rapport/contracts'
import { flushArchive } from '@rapport/features'
import type { HttpServer, Service } from '@rapport/service-kit'
import { Value } from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { anEvent } from '../testing/events.ts'
import { createHarness, type Harness } from '../testing/harness.ts'

let harness: Harness
let server: HttpServer
let service: Service
let key: string
beforeEach(async () => {
  harness = await createHarness()
  service = await harness.startConsuming()
  server = await harness.platform.serve([service])
  key = await harness.platform.issueKey('shop', ['features:read', 'events:write', 'ops:admin'])
})
afterEach(() => harness[Symbol.asyncDispose]())

interface Answer {
  readonly status: number
  readonly text: string
  readonly body: Record<string, never>
}

async function call(method: 'GET' | 'POST', url: string, payload?: object, as = key): Promise<Answer> {
  const authorization = `Bearer ${as}`
  const answer = await server.app.inject({
    method,
    url,
    headers: { authorization },
    ...(payload === undefined ? {} : { payload }),
  })
  const isJson = String(answer.headers['content-type']).startsWith('application/json')
  return { status: answer.statusCode, text: answer.body, body: isJson ? answer.json<Record<string, never>>() : {} }
}

const nowMs = Date.now()
const hourMs = 3600_000

async function shopDay(): Promise<void> {
  await harness.publish([
    anEvent({
      userId: 'u1',
      anonymousId: 'a1',
      type: 'identify',
      traits: { plan: 'gold', gone: null },
      atMs: nowMs - 3 * hourMs,
    }),
    anEvent({ anonymousId: 'a1', items: ['i1'], atMs: nowMs - 2 * hourMs }),
    anEvent({ userId: 'u1', items: ['i2'], atMs: nowMs - 60_000 }),
    anEvent({
      userId: 'u1',
      event: 'Order Completed',
      properties: { products: [{ product_id: 'i2' }], total: 12.5, currency: 'EUR' },
      atMs: nowMs - 1000,
    }),
  ])
  await harness.settled()
}

describe('GET /v1/users/{id}', () => {
  it('shows profile and behaviour over all linked ids', async () => {
    await shopDay()
    const { status, body } = await call('GET', '/v1/users/u1')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      userId: 'u1',
      anonymousIds: ['a1'],
      traits: { plan: 'gold' },
      firstSeen: new Date(nowMs - 3 * hourMs).toISOString(),
      lastSeen: new Date(nowMs - 1000).toISOString(),
      orders: { '1h': 1, '24h': 1, all: 1 },
      revenue: { EUR: { '1h': 1250, all: 1250 } },
      refunds: {},
      counts: { 'Product Viewed': { '1h': 1, '24h': 2, all: 2 }, identify: { '1h': 0, '24h': 1 } },
    })
    expect(body['recent']).toMatchObject({ 'Product Viewed': [{ itemId: 'i2' }, { itemId: 'i1' }] })
    expect((await call('GET', '/v1/users/a1?kind=anonymous')).body).toEqual({
      ...body,
      asOf: expect.any(String) as string,
    })
    const earlier = await call('GET', `/v1/users/u1?asOf=${new Date(nowMs - hourMs).toISOString()}`)
    expect(earlier.body).toMatchObject({ orders: { all: 0 }, counts: { 'Product Viewed': { all: 1 } } })
  })

  it('is 404 for who is unknown, and for another tenant', async () => {
    await shopDay()
    expect((await call('GET', '/v1/users/nobody')).status).toBe(404)
    const other = await harness.platform.issueKey('other-shop', ['features:read'])
    expect((await call('GET', '/v1/users/u1', undefined, other)).status).toBe(404)
    expect((await call('GET', '/v1/users/u1?asOf=yesterday')).status).toBe(400)
    expect((await call('GET', '/v1/state/export', undefined, other)).status).toBe(403)
  })

  it('no longer shows what an unlink has taken away', async () => {
    await shopDay()
    const answer = await call('POST', '/v1/users/u1/unlink', { anonymousId: 'a1' })
    expect(answer.status).toBe(202)
    expect(answer.body['messageId']).toMatch(/^[0-9a-f-]{36}$/)
    await harness.settled()
    const { body } = await call('GET', '/v1/users/u1')
    expect(body).toMatchObject({
      anonymousIds: [],
      counts: { 'Product Viewed': { all: 1 } },
      lastSeen: new Date(nowMs - 1000).toISOString(),
    })
    expect((await call('POST', '/v1/users/u1/unlink', {})).body).toMatchObject({
      error: { details: [{ field: 'anonymousId' }] },
    })
  })
})

describe('POST /v1/features', () => {
  it('answers many features of many entities', async () => {
    await shopDay()
    const { status, body } = await call('POST', '/v1/features', {
      entities: [
        { kind: 'user', id: 'u1' },
        { kind: 'item', id: 'i2' },
        { kind: 'item', id: 'i9' },
      ],
      features: [
        'count:24h:Product Viewed',
        'revenue:all:EUR',
        'recent:Product Viewed',
        'popularity:7d',
        'trait:plan',
        'lastSeen',
      ],
      maxAgeSeconds: 7200,
    })
    expect(status).toBe(200)
    const [user, item, unknown] = body['entities'] as unknown as { features: Record<string, object> }[]
    expect(user?.features).toMatchObject({
      'count:24h:Product Viewed': { value: 2, status: 'present', eventTime: new Date(nowMs - 60_000).toISOString() },
      'revenue:all:EUR': { value: 1250, status: 'present' },
      'recent:Product Viewed': { value: ['i2', 'i1'], status: 'present' },
      'trait:plan': { value: 'gold', status: 'stale' },
      lastSeen: { value: new Date(nowMs - 1000).toISOString(), status: 'present' },
    })
    expect(item?.features['popularity:7d']).toMatchObject({ value: expect.closeTo(6, 1) as number, status: 'present' })
    expect(Object.values(unknown?.features ?? {})).toEqual(
      Array.from({ length: 6 }, () => ({ value: null, eventTime: null, status: 'missing' })),
    )
  })

  it('answers a large request in the documented form, each feature once', async () => {
    await shopDay()
    const entities = Array.from({ length: 200 }, (_, index) => ({ kind: 'user', id: index === 7 ? 'u1' : `ü${index}` }))
    const features = ['count:24h:Product Viewed', 'lastSeen', 'trait:plan', 'lastSeen', 'recent:Product Viewed']
    const { status, text, body } = await call('POST', '/v1/features', { entities, features })
    expect(status).toBe(200)
    expect(Value.Check(FeaturesResponseSchema, body)).toBe(true)
    expect(text).toBe(JSON.stringify(body))
    const answered = body['entities'] as unknown as { id: string; features: object }[]
    expect(answered.map(({ id }) => id)).toEqual(entities.map(({ id }) => id))
    expect(Object.keys(answered[7]?.features ?? {})).toEqual([...new Set(features)])
    expect(answered[7]?.features).toMatchObject({ 'trait:plan': { value: 'gold', status: 'present' } })
  })

  it('names what it does not know', async () => {
    const entities = [{ kind: 'user', id: 'u1' }]
    const { status, body } = await call('POST', '/v1/features', { entities, features: ['lastSeen', 'count:2h:x'] })
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { code: 'RPT_HTTP_INVALID', details: [{ field: 'features.1' }] } })
    expect((await call('POST', '/v1/features', { entities, features: [] })).status).toBe(400)
    expect((await call('POST', '/v1/features', { entities, features: ['lastSeen'], tenant: 'x' })).status).toBe(400)
  })
})

describe('/v1/state', () => {
  it('exports, flushes, rebuilds and exports the same', async () => {
    await shopDay()
    const before = await call('GET', '/v1/state/export')
    expect(before.status).toBe(200)
    expect(before.text).toContain('{"kind":"item","id":"i2","part":"count/Product Viewed","field":"total","amount":1}')
    for (const line of before.text.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('kind')
    expect((await call('POST', '/v1/state/archive/flush')).status).toBe(200)
    const { status, body } = await call('POST', '/v1/state/rebuild')
    expect(status).toBe(202)
    expect(body).toMatchObject({ state: 'pending' })
    await vi.waitFor(
      async () =>
        expect((await call('GET', `/v1/state/rebuild/${String(body['id'])}`)).body).toMatchObject({
          state: 'done',
          eventsRead: 4,
          eventsApplied: 4,
        }),
      { timeout: 10_000, interval: 20 },
    )
    expect((await call('GET', '/v1/state/export')).text).toBe(before.text)
    expect((await call('GET', '/v1/state/rebuild/none')).status).toBe(404)
  })

  it('gives up a flush that nobody answers, with an error that can be retried', async () => {
    await service[Symbol.asyncDispose]()
    await harness.publish([anEvent()])
    await expect(flushArchive(harness.dependencies.eventLog, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'RPT_ARCHIVE_FLUSH_TIMEOUT',
      canRetry: true,
    })
  })
})

describe('metrics', () => {
  it('count what was applied and show how far behind the consumers are', async () => {
    const { metrics } = harness.dependencies
    await service[Symbol.asyncDispose]()
    await harness.startConsuming({ metrics })
    const event = anEvent()
    await harness.publish([event, anEvent(), event])
    await harness.settled()
    const text = await metrics.metrics()
    expect(text).toContain('rapport_events_applied_total 2')
    expect(text).toContain('rapport_events_duplicate_total 1')
    expect(text).toMatch(
      /rapport_feature_lag_records\{group="rapport.feature",topic="rapport.events.v1",partition="0"\} 0/,
    )
    expect(text).toMatch(/rapport_feature_newest_event_age_seconds \d/)
  })
})
