import { gzipSync } from 'node:zlib'
import type { Event } from '@rapport/contracts'
import { PublishError } from '@rapport/messaging'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { override } from '../testing/override.ts'
import { startIngestion, type RunningIngestion, type StartOptions } from '../testing/start-ingestion.ts'

const nowMs = Date.parse('2026-03-01T12:00:00.000Z')
const clock = { now: () => nowMs }

let running: RunningIngestion
const restart = async (options: StartOptions) => {
  await running[Symbol.asyncDispose]()
  running = await startIngestion({ clock, ...options })
}
beforeEach(async () => {
  running = await startIngestion({ clock })
})
afterEach(() => running[Symbol.asyncDispose]())

type Payload = string | Buffer | object
const post = (url: string, payload: Payload, headers: Record<string, string> = { 'x-write-key': running.key }) =>
  running.app.inject({ method: 'POST', url, payload, headers })

const viewed = { userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea' } }
const batchOf = (...events: unknown[]) => ({ batch: events })

describe('single calls', () => {
  it.each([
    ['track', { ...viewed, messageId: 'm1' }, { event: 'Product Viewed', properties: { product_id: 'tea' } }],
    ['identify', { userId: 'ada', traits: { age: 36 }, messageId: 'm1' }, { traits: { age: 36 } }],
    [
      'page',
      { anonymousId: 'x', name: 'Home', category: 'Docs', messageId: 'm1' },
      { event: 'Home', properties: { category: 'Docs' } },
    ],
    ['screen', { userId: 'ada', messageId: 'm1' }, {}],
    [
      'group',
      { userId: 'ada', groupId: 7, traits: { plan: 'a' }, messageId: 'm1' },
      { groupId: '7', traits: { plan: 'a' } },
    ],
    ['alias', { userId: 'ada', previousId: 'x', messageId: 'm1' }, { previousId: 'x' }],
  ])('%s is in the log when it is answered', async (type, body, content) => {
    const answer = await post(`/v1/${type}`, body)
    expect(answer.json()).toEqual({ success: true, messageId: 'm1' })
    expect(answer.statusCode).toBe(200)
    const { userId, anonymousId } = body as { userId?: string; anonymousId?: string }
    expect(await running.events()).toEqual([
      {
        messageId: 'm1',
        tenant: 'shop',
        source: expect.any(String) as string,
        type,
        ...(userId === undefined ? {} : { userId }),
        ...(anonymousId === undefined ? {} : { anonymousId }),
        ...content,
        timestamp: '2026-03-01T12:00:00.000Z',
        originalTimestamp: '2026-03-01T12:00:00.000Z',
        receivedAt: '2026-03-01T12:00:00.000Z',
        version: 1,
      },
    ])
  })

  it('makes a messageId and says it', async () => {
    const { messageId } = (await post('/v1/track', viewed)).json<{ messageId: string }>()
    expect(messageId).toMatch(/^[0-9a-f-]{36}$/)
    expect((await running.events())[0]?.messageId).toBe(messageId)
  })

  it('takes out the error of the client clock', async () => {
    const times = { timestamp: '2030-01-01T00:00:00Z', sentAt: '2030-01-01T00:00:10Z' }
    await post('/v1/track', { ...viewed, ...times })
    expect(await running.events()).toMatchObject([
      {
        timestamp: '2026-03-01T11:59:50.000Z',
        originalTimestamp: '2030-01-01T00:00:00.000Z',
        sentAt: '2030-01-01T00:00:10.000Z',
      },
    ])
  })

  it.each([
    ['userId', 'is required', { event: 'x' }],
    ['event', 'is required', { userId: 'a' }],
    ['event', 'must be a string', { userId: 'a', event: 4 }],
    ['properties', 'must be an object', { userId: 'a', event: 'x', properties: [1] }],
    ['properties.a.0', 'beyond the range', `{"userId":"a","event":"x","properties":{"a":[1e999]}}`],
    ['properties', 'levels deep', `{"userId":"a","event":"x","properties":{"a":${'['.repeat(90)}${']'.repeat(90)}}}`],
    ['timestamp', 'ISO 8601', { userId: 'a', event: 'x', timestamp: '2026-02-30' }],
    ['userId', 'exactly', { userId: 2 ** 60, event: 'x' }],
    ['userId', 'longer than 256', { userId: 'é'.repeat(257), event: 'x' }],
    ['userId', 'surrogate', '{"userId":"\\ud800","event":"x"}'],
    ['type', 'must be "track"', { userId: 'a', event: 'x', type: 'page' }],
    ['writeKey', 'must be a string', { userId: 'a', event: 'x', writeKey: 5 }],
    ['', 'must be an object', '[]'],
  ])('refuses a call whose %s %s', async (field, reason, body) => {
    const answer = await post('/v1/track', body)
    expect(answer.statusCode).toBe(400)
    const [detail] = answer.json<{ error: { details: { field: string; reason: string }[] } }>().error.details
    expect(detail?.field.startsWith(field)).toBe(true)
    expect(detail?.reason).toContain(reason)
    expect(await running.events()).toEqual([])
  })
})

describe('bodies as clients send them', () => {
  const text = JSON.stringify(batchOf({ type: 'track', ...viewed, messageId: 'm1' }))
  it.each([
    ['gzip as a form', gzipSync(text), { 'content-type': 'application/x-www-form-urlencoded' }],
    ['gzip that says so', gzipSync(text), { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['JSON as text', text, { 'content-type': 'text/plain' }],
    ['JSON under a nonsense type', text, { 'content-type': 'nonsense' }],
    ['a byte order mark', `\ufeff${text}`, {}],
  ])('takes %s', async (_name, payload, headers) => {
    const answer = await post('/v1/batch', payload, { 'x-write-key': running.key, ...headers })
    expect(answer.statusCode).toBe(200)
    expect(await running.events()).toMatchObject([{ messageId: 'm1' }])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'a=1&b=2'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['broken gzip', gzipSync(text).subarray(0, 30)],
  ])('refuses %s', async (_name, payload) => {
    expect((await post('/v1/batch', payload)).statusCode).toBe(400)
  })

  it('refuses a gzip bomb and a body above the limit with 413', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '))
    expect((await post('/v1/batch', bomb)).statusCode).toBe(413)
    expect((await post('/v1/batch', Buffer.alloc(501 * 1024, ' '))).statusCode).toBe(413)
  })
})

describe('credentials', () => {
  const call = { ...viewed, messageId: 'm1' }
  it.each([
    ['Basic with the key as user name', () => ({ authorization: `Basic ${btoa(`${running.key}:`)}` }), {}],
    ['Bearer', () => ({ authorization: `Bearer ${running.key}` }), {}],
    ['X-Write-Key', () => ({ 'x-write-key': running.key }), {}],
    ['writeKey in the body', () => ({}), { writeKey: true }],
  ])('takes %s', async (_name, headers, body) => {
    const writeKey = 'writeKey' in body ? { writeKey: running.key } : {}
    expect((await post('/v1/track', { ...call, ...writeKey }, headers())).statusCode).toBe(200)
    expect(await running.events()).toMatchObject([{ tenant: 'shop' }])
  })

  it('answers 401 without a key or with an unknown one, and 403 to a key without the scope', async () => {
    expect((await post('/v1/track', call, {})).statusCode).toBe(401)
    expect((await post('/v1/track', { ...call, writeKey: 'rpt_x' }, {})).statusCode).toBe(401)
    expect((await post('/v1/track', call, { 'x-write-key': `${running.key}x` })).statusCode).toBe(401)
    expect((await post('/v1/track', call, { 'x-write-key': running.readerKey })).statusCode).toBe(403)
    expect(await running.events()).toEqual([])
  })
})

describe('batches', () => {
  it('keeps the valid events and names the others by index, field and reason', async () => {
    const good = { type: 'track', ...viewed }
    const answer = await post(
      '/v1/batch',
      batchOf(
        { ...good, messageId: 'a' },
        { ...good, userId: '', messageId: 'b' },
        5,
        { ...good, type: 'nothing' },
        { ...good, messageId: 'c' },
      ),
    )
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      success: true,
      accepted: 2,
      rejected: [
        { index: 1, field: 'userId', reason: 'is required when there is no anonymousId', messageId: 'b' },
        { index: 2, field: '', reason: 'must be an object' },
        { index: 3, field: 'type', reason: 'must be one of track, identify, page, screen, group, alias' },
      ],
    })
    expect((await running.events()).map(({ messageId }) => messageId).toSorted()).toEqual(['a', 'c'])
  })

  it('answers 400 with every reason when no event is valid', async () => {
    const answer = await post('/v1/batch', batchOf({ type: 'track' }, null))
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({
      error: { code: 'RPT_INGESTION_INVALID', details: [{ index: 0 }, { index: 1 }] },
    })
  })

  it('gives every event the batch context and sentAt that it does not have itself', async () => {
    const good = { type: 'track', ...viewed, timestamp: nowMs - 60_000 }
    await post('/v1/batch', {
      batch: [{ ...good, messageId: 'a', context: { ip: '1' } }],
      context: { ip: '0', locale: 'en' },
      sentAt: nowMs - 30_000,
    })
    expect(await running.events()).toMatchObject([
      {
        context: { ip: '1', locale: 'en' },
        timestamp: '2026-03-01T11:59:30.000Z',
        originalTimestamp: '2026-03-01T11:59:00.000Z',
      },
    ])
  })

  it('takes times of an import as they are, but never later than now', async () => {
    const good = { type: 'track', ...viewed, userId: 'u' }
    await post('/v1/import', {
      batch: [
        { ...good, timestamp: '1997-09-22T21:57:58+01:00', sentAt: '2026-03-01T11:00:00Z' },
        { ...good, timestamp: '2040-01-01' },
      ],
    })
    const events = await running.events()
    expect(events.map((event: Event) => event.timestamp)).toEqual([
      '1997-09-22T20:57:58.000Z',
      '2026-03-01T12:00:00.000Z',
    ])
  })

  it('refuses an event above 32 KB and keeps its neighbour', async () => {
    const good = { type: 'track', ...viewed }
    const large = { ...good, properties: { text: 'x'.repeat(32 * 1024) } }
    const answer = await post('/v1/batch', batchOf(large, good))
    expect(answer.json()).toMatchObject({ accepted: 1, rejected: [{ index: 0, reason: 'is larger than 32768 bytes' }] })
    expect((await post('/v1/track', large)).statusCode).toBe(413)
  })

  it('refuses more than 2,500 events, and a context that makes the batch swell', async () => {
    const many = Array.from({ length: 2_501 }, () => ({ type: 'page', userId: 'a' }))
    expect((await post('/v1/batch', { batch: many })).statusCode).toBe(413)
    const swollen = { batch: many.slice(1), context: { text: 'x'.repeat(30_000) } }
    expect((await post('/v1/batch', swollen)).statusCode).toBe(413)
    expect((await post('/v1/batch', { batch: many.slice(1) })).json()).toMatchObject({ accepted: 2_500 })
  })
})

it('counts what it accepts and refuses', async () => {
  const good = { type: 'track', ...viewed }
  const hostile = { ...good, properties: JSON.parse('{"rapport\\n":[1e999]}') as object }
  await post('/v1/batch', batchOf(good, good, { ...good, event: 5 }))
  await post('/v1/batch', JSON.stringify(batchOf(good, hostile)).replace('null', '1e999'))
  expect(await running.metric('rapport_events_accepted_total', { route: 'batch' })).toBe(3)
  expect(await running.metric('rapport_events_rejected_total', { field: 'event' })).toBe(1)
  expect(await running.metric('rapport_events_rejected_total', { field: 'properties' })).toBe(1)
})

describe('when it cannot be taken now', () => {
  it('answers 429 with Retry-After when the events of the key are above its rate', async () => {
    await restart({ rateLimit: { perSecond: 10, burst: 10 } })
    const ten = batchOf(...Array.from({ length: 10 }, () => ({ type: 'track', ...viewed })))
    expect((await post('/v1/batch', ten)).statusCode).toBe(200)
    const answer = await post('/v1/track', viewed)
    expect(answer.statusCode).toBe(429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(await running.events()).toHaveLength(10)
  })

  it('answers 503 with Retry-After when the log is closed', async () => {
    await running.eventLog[Symbol.asyncDispose]()
    for (const [url, body] of [
      ['/v1/track', viewed],
      ['/v1/batch', batchOf({ type: 'track', ...viewed })],
    ] as const) {
      const answer = await post(url, body)
      expect(answer.statusCode).toBe(503)
      expect(answer.headers['retry-after']).toBe('1')
    }
  })

  it('answers 503 when durability is not confirmed before the deadline', async () => {
    await restart({
      publishDeadlineMs: 7,
      wrapEventLog: (eventLog) =>
        override(eventLog, {
          publish: (_records, options) =>
            Promise.reject(PublishError.unknown('deadline', `not confirmed in ${options?.deadlineMs} ms`)),
        }),
    })
    expect((await post('/v1/track', viewed)).statusCode).toBe(503)
  })
})

describe('browsers', () => {
  it('may call from any page', async () => {
    const preflight = await running.app.inject({
      method: 'OPTIONS',
      url: '/v1/track',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.statusCode).toBe(204)
    expect(preflight.headers['access-control-allow-origin']).toBe('*')
    expect(preflight.headers['access-control-allow-headers']).toContain('Authorization')
    const refused = await post('/v1/track', viewed, {})
    expect(refused.headers['access-control-allow-origin']).toBe('*')
  })
})

describe('large batches, which a thread reads', () => {
  const padding = 'x'.repeat(400)
  const many = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({
      ...viewed,
      type: 'track',
      messageId: `m${index}`,
      context: { padding },
    }))

  it.each(['/v1/batch', '/v1/import'])(
    '%s gives the same answer and the same events as without threads',
    async (path) => {
      const events: unknown[] = [...many(60), { type: 'track', userId: 'ada' }, 7]
      const body = { batch: events, sentAt: '2026-03-01T11:59:58.000Z', context: { app: 'shop 商店' } }
      const onThread = await post(path, body)
      const theirs = await running.events()
      await restart({ batchThreads: 0 })
      const here = await post(path, body)
      expect(onThread.json()).toMatchObject({ accepted: 60, rejected: [{ index: 60, field: 'event' }, { index: 61 }] })
      expect(onThread.json()).toEqual(here.json())
      const withoutSource = (event: Event): object => ({ ...event, source: '' })
      expect(theirs.map(withoutSource)).toEqual((await running.events()).map(withoutSource))
    },
  )

  it('many at once are all read, on the thread and beside it', async () => {
    const bodies = Array.from({ length: 12 }, () => ({ batch: many(60) }))
    const answers = await Promise.all(bodies.map((body) => post('/v1/batch', body)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(bodies.map(() => 200))
    expect(await running.events()).toHaveLength(720)
  })

  it.each([
    ['no JSON', `{"batch":[${' '.repeat(20_000)}`, 400],
    ['no array', { batch: { padding: padding.repeat(50) } }, 400],
    ['a key that is no text', { writeKey: 5, batch: many(60) }, 400],
    ['too many events', { batch: Array.from({ length: 10_001 }, () => 0) }, 413],
  ])('%s is refused as without threads', async (_, body, status) => {
    const onThread = await post('/v1/batch', body)
    await restart({ batchThreads: 0 })
    const here = await post('/v1/batch', body)
    expect(onThread.statusCode).toBe(status)
    const errorOf = (answer: typeof here): object => ({ ...answer.json<{ error: object }>().error, requestId: '' })
    expect(errorOf(onThread)).toEqual(errorOf(here))
    expect(await running.events()).toEqual([])
  })
})
