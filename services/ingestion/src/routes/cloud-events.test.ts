import { topics } from '@rapport/contracts'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startIngestion, type RunningIngestion } from '../testing/start-ingestion.ts'

const nowMs = Date.parse('2026-03-01T12:00:00.000Z')
let running: RunningIngestion
beforeEach(async () => {
  running = await startIngestion({ clock: { now: () => nowMs } })
})
afterEach(() => running[Symbol.asyncDispose]())

const post = (payload: string | Buffer | object, headers: Record<string, string>) =>
  running.app.inject({ method: 'POST', url: '/v1/events', payload, headers: { 'x-api-key': running.key, ...headers } })

const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
const batch = { 'content-type': 'application/cloudevents-batch+json' }
const event = {
  specversion: '1.0',
  id: 'e1',
  source: '/shop/web',
  type: 'com.example.product.viewed.v1',
  subject: 'ada',
  time: '2026-03-01T11:00:00+00:00',
  data: { product_id: 'tea' },
}
const viewed = {
  messageId: 'e1',
  tenant: 'shop',
  source: '/shop/web',
  type: 'track',
  event: 'Product Viewed',
  userId: 'ada',
  properties: { product_id: 'tea' },
  timestamp: '2026-03-01T11:00:00.000Z',
  originalTimestamp: '2026-03-01T11:00:00.000Z',
  receivedAt: '2026-03-01T12:00:00.000Z',
  version: 1,
}

describe('POST /v1/events', () => {
  it('takes structured mode', async () => {
    const answer = await post(JSON.stringify(event), structured)
    expect(answer.json()).toEqual({ success: true, accepted: 1, rejected: [] })
    expect(await running.events()).toEqual([viewed])
  })

  it('takes binary mode, with percent-encoded attributes, gzipped', async () => {
    const answer = await post(gzipSync(JSON.stringify(event.data)), {
      'content-type': 'application/json; charset=utf-8',
      'ce-specversion': '1.0',
      'ce-id': 'e1',
      'ce-source': '/shop/web',
      'ce-type': 'Product%20Viewed',
      'ce-time': event.time,
      'ce-userid': '%E8%8C%B6',
      'ce-subject': 'not the user',
    })
    expect(answer.statusCode).toBe(200)
    expect(await running.events()).toEqual([{ ...viewed, userId: '茶' }])
  })

  it('takes a batch, and names what it refuses by the fields of a CloudEvent', async () => {
    const answer = await post(
      JSON.stringify([
        event,
        { ...event, specversion: '0.3' },
        { ...event, id: '' },
        { ...event, subject: undefined },
        { ...event, data: 'text' },
        { ...event, datacontenttype: 'text/xml' },
        { ...event, time: 'yesterday' },
        { ...event, data: { n: { a: ['x', null] } }, id: 'e2' },
      ]),
      batch,
    )
    expect(answer.json()).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 1, field: 'specversion' },
        { index: 2, field: 'id', reason: 'is required' },
        { index: 3, field: 'userId' },
        { index: 4, field: 'data', reason: 'must be an object' },
        { index: 5, field: 'datacontenttype' },
        { index: 6, field: 'time' },
      ],
    })
    expect((await running.events()).map(({ messageId }) => messageId)).toEqual(['e1', 'e2'])
  })

  it.each([
    ['identify', { traits: { age: 3 }, userId: 'bo' }, { type: 'identify', userId: 'bo', traits: { age: 3 } }],
    ['track', { event: 'Signed Up', anonymousId: 'x' }, { type: 'track', event: 'Signed Up', anonymousId: 'x' }],
    ['alias', { previousId: 'x' }, { type: 'alias', userId: 'ada', previousId: 'x' }],
  ])('takes the type %s as that call', async (type, data, expected) => {
    expect((await post(JSON.stringify({ ...event, type, data }), structured)).statusCode).toBe(200)
    expect(await running.events()).toMatchObject([expected])
  })

  it.each([
    ['Order Completed', 'Order Completed'],
    ['shop.order_completed', 'Order Completed'],
    ['com.example.ProductAddedToWishlist/v2', 'com.example.ProductAddedToWishlist/v2'],
    ['com.example.product-added-to-wishlist.v2.1', 'Product Added to Wishlist'],
    ['com.example.invoice.paid', 'com.example.invoice.paid'],
  ])('calls the type %s %s', async (type, name) => {
    await post(JSON.stringify({ ...event, type }), structured)
    expect(await running.events()).toMatchObject([{ event: name }])
  })

  it.each([
    ['a batch that is none', '{}', batch],
    ['an empty batch', '[]', batch],
    ['no attributes', '{}', { 'content-type': 'application/json' }],
    ['an attribute that is not UTF-8', '{}', { 'content-type': 'application/json', 'ce-id': '%ff' }],
  ])('refuses %s', async (_name, body, headers) => {
    const answer = await post(body, headers)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ error: { code: 'RPT_INGESTION_INVALID' } })
  })

  it('takes no key from the body', async () => {
    const answer = await running.app.inject({
      method: 'POST',
      url: '/v1/events',
      payload: JSON.stringify({ ...event, writeKey: running.key }),
      headers: structured,
    })
    expect(answer.statusCode).toBe(401)
  })
})

describe('GET /v1/events', () => {
  const tail = (query: string, key = running.key) =>
    running.app.inject({ method: 'GET', url: `/v1/events${query}`, headers: { 'x-api-key': key } })
  const send = (ids: string[], key = running.key) =>
    post(JSON.stringify(ids.map((id) => ({ ...event, id, subject: `user-${id}` }))), { ...batch, 'x-api-key': key })
  interface Page {
    events: { event: { messageId: string } }[]
    cursor: string
  }
  const idsOf = (page: Page) => page.events.map(({ event }) => event.messageId).toSorted()

  it('shows the newest events of the tenant, then those after the cursor, each once', async () => {
    await send(['a', 'b', 'c'])
    await send(['not ours'], running.otherKey)
    await running.eventLog.publish([{ topic: topics.events.name, key: 'shop/u:x', value: Buffer.from('{"no') }])
    const first = (await tail('')).json<Page>()
    expect(idsOf(first)).toEqual(['a', 'b', 'c'])
    expect((await tail('?limit=2')).json<Page>().events).toHaveLength(2)
    expect((await tail(`?cursor=${first.cursor}`)).json<Page>()).toEqual({ events: [], cursor: first.cursor })
    await send(['d', 'e', 'f', 'g'])
    const seen: string[] = []
    let { cursor } = first
    for (let page = 0; page < 5; page++) {
      const next = (await tail(`?limit=2&cursor=${cursor}`)).json<Page>()
      seen.push(...idsOf(next))
      cursor = next.cursor
    }
    expect(seen.toSorted()).toEqual(['d', 'e', 'f', 'g'])
  })

  it('refuses a cursor it has not given, and a key without the scope', async () => {
    for (const cursor of ['x', '1.2', '0.0.0.0.0.0.0.', '-1.0.0.0.0.0.0.0']) {
      expect((await tail(`?cursor=${cursor}`)).statusCode).toBe(400)
    }
    expect((await tail('?cursor=999.0.0.0.0.0.0.0')).statusCode).toBe(200)
    expect((await tail('?limit=0')).statusCode).toBe(400)
    expect((await tail('', running.readerKey)).statusCode).toBe(403)
  })
})
