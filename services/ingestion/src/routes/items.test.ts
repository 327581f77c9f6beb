import { topics, type Item } from '@rapport/contracts'
import { PublishError } from '@rapport/messaging'
import type { InjectOptions } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { override } from '../testing/override.ts'
import { decodeItem, startIngestion, type RunningIngestion, type StartOptions } from '../testing/start-ingestion.ts'

let running: RunningIngestion
const restart = async (options: StartOptions) => {
  await running[Symbol.asyncDispose]()
  running = await startIngestion(options)
}
beforeEach(async () => {
  running = await startIngestion()
})
afterEach(() => running[Symbol.asyncDispose]())

type Method = 'GET' | 'PUT' | 'PATCH' | 'DELETE'
const call = (method: Method, id: string, { body, ...headers }: { body?: object; [header: string]: unknown } = {}) =>
  running.app.inject({
    method,
    url: `/v1/items/${encodeURIComponent(id)}`,
    headers: { 'x-api-key': running.key, ...(headers as Record<string, string>) },
    ...(body === undefined ? {} : { payload: body }),
  })
const published = async () => (await running.records(topics.items.name)).map(decodeItem)

const tea = {
  title: '茶壶 Tea pot',
  price: 12.5,
  currency: 'EUR',
  categories: ['Kitchen', 'Tea'],
  attributes: { holds: 1.2 },
}

describe('items', () => {
  it('reads its own writes, and every version is published', async () => {
    const created = await call('PUT', 'tea/1 茶', { body: tea })
    expect(created.statusCode).toBe(201)
    expect(created.headers['etag']).toBe('"1"')
    const read = await call('GET', 'tea/1 茶')
    expect(read.json()).toEqual({ ...tea, id: 'tea/1 茶', version: 1, updatedAt: created.json<Item>().updatedAt })
    expect(read.headers['etag']).toBe('"1"')
    expect(await published()).toEqual([
      { tenant: 'shop', id: 'tea/1 茶', version: 1, updatedAt: created.json<Item>().updatedAt, body: tea },
    ])
    const again = await call('PUT', 'tea/1 茶', { body: tea })
    expect([again.statusCode, again.json<Item>().version]).toEqual([200, 2])
    expect((await published()).map(({ version }) => version)).toContain(2)
  })

  it('merges a patch, removes fields by null, and refuses what an item cannot have', async () => {
    await call('PUT', 'tea', { body: tea })
    const patched = await call('PATCH', 'tea', {
      body: { price: 10, currency: null, attributes: { holds: null, colour: 'red' } },
      'content-type': 'application/merge-patch+json',
    })
    const { currency: _removed, ...rest } = tea
    expect(patched.json()).toMatchObject({ ...rest, price: 10, attributes: { colour: 'red' }, version: 2 })
    expect(patched.json()).not.toHaveProperty('currency')
    expect(patched.json<{ attributes: object }>().attributes).toEqual({ colour: 'red' })
    for (const body of [{ price: -1 }, { colour: 'red' }, { title: 5 }]) {
      expect((await call('PATCH', 'tea', { body })).statusCode).toBe(400)
    }
    expect((await call('PATCH', 'nothing', { body: { price: 1 } })).statusCode).toBe(404)
  })

  it.each<[string, InjectOptions, number]>([
    ['no body', {}, 400],
    ['plain text', { payload: 'text', headers: { 'content-type': 'text/plain' } }, 415],
    ['a list', { payload: '[]', headers: { 'content-type': 'application/merge-patch+json' } }, 400],
    ['an If-Match that names nothing', { payload: {}, headers: { 'if-match': '' } }, 400],
    ['an If-Match that is no ETag', { payload: {}, headers: { 'if-match': '1' } }, 412],
    ['nothing', { payload: '{}', headers: { 'content-type': 'application/merge-patch+json' } }, 200],
  ])('answers a patch of %s as the API document says', async (_name, { headers, ...options }, status) => {
    await call('PUT', 'tea', { body: tea })
    const patch = { ...options, method: 'PATCH', url: '/v1/items/tea' } as const
    const answer = await running.app.inject({ ...patch, headers: { ...headers, 'x-api-key': running.key } })
    expect(answer.statusCode).toBe(status)
    expect((await call('GET', 'tea')).json()).toMatchObject(tea)
  })

  it('deletes, and goes on counting versions afterwards', async () => {
    await call('PUT', 'tea', { body: tea })
    expect((await call('DELETE', 'tea')).statusCode).toBe(204)
    expect((await call('GET', 'tea')).statusCode).toBe(404)
    expect((await call('DELETE', 'tea')).statusCode).toBe(404)
    expect((await published()).at(-1)).toMatchObject({ version: 2, deleted: true, body: {} })
    const back = await call('PUT', 'tea', { body: tea, 'if-none-match': '*' })
    expect([back.statusCode, back.json<Item>().version]).toEqual([201, 3])
  })

  it('holds to preconditions', async () => {
    expect((await call('PUT', 'tea', { body: tea, 'if-match': '*' })).statusCode).toBe(412)
    expect((await call('PUT', 'tea', { body: tea, 'if-none-match': '*' })).statusCode).toBe(201)
    expect((await call('PUT', 'tea', { body: tea, 'if-none-match': '*' })).statusCode).toBe(412)
    expect((await call('PUT', 'tea', { body: tea, 'if-match': '"7"' })).statusCode).toBe(412)
    expect((await call('PUT', 'tea', { body: tea, 'if-none-match': '"7", W/"1"' })).statusCode).toBe(412)
    expect((await call('PATCH', 'tea', { body: { price: 1 }, 'if-match': '"7", "1"' })).json<Item>().version).toBe(2)
    expect((await call('DELETE', 'tea', { 'if-match': 'W/"2"' })).statusCode).toBe(412)
    expect((await call('DELETE', 'tea', { 'if-match': '"2"' })).statusCode).toBe(204)
  })

  it('belongs to one tenant, and needs its scope', async () => {
    await call('PUT', 'tea', { body: tea })
    expect((await call('GET', 'tea', { 'x-api-key': running.otherKey })).statusCode).toBe(404)
    expect((await call('GET', 'tea', { 'x-api-key': running.readerKey })).statusCode).toBe(403)
  })

  it('takes ids of 256 characters of four bytes', async () => {
    const id = '😀'.repeat(256)
    expect((await call('PUT', id, { body: tea })).statusCode).toBe(201)
    expect((await call('GET', id)).json<Item>().id).toBe(id)
    expect((await call('PUT', `${id}x`, { body: tea })).statusCode).toBe(400)
  })

  it('loses none of many patches at once', async () => {
    await call('PUT', 'tea', { body: { attributes: {} } })
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, index) => call('PATCH', 'tea', { body: { attributes: { [`a${index}`]: index } } })),
    )
    expect(outcomes.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 200])
    const { version, attributes } = (await call('GET', 'tea')).json<{ version: number; attributes: object }>()
    expect([version, Object.keys(attributes)]).toEqual([7, ['a0', 'a1', 'a2', 'a3', 'a4', 'a5'].toSorted()])
    expect((await published()).findLast(({ id }) => id === 'tea')).toMatchObject({ version: 7 })
  })
})

describe('a process that dies between the document and the topic', () => {
  it('leaves nothing that can be read and is not published', async () => {
    let isDown = false
    await restart({
      wrapEventLog: (eventLog) =>
        override(eventLog, {
          publish: (records) =>
            isDown
              ? Promise.reject(PublishError.unknown('commit failed', 'the disk is full'))
              : eventLog.publish(records),
        }),
    })
    isDown = true
    expect((await call('PUT', 'tea', { body: tea })).statusCode).toBe(503)
    expect(await published()).toEqual([])
    expect((await call('GET', 'tea')).statusCode).toBe(503)
    isDown = false
    expect((await call('GET', 'tea')).json()).toMatchObject({ version: 1 })
    expect(await published()).toMatchObject([{ id: 'tea', version: 1 }])
    await call('GET', 'tea')
    expect(await published()).toHaveLength(1)
  })

  it('leaves nothing that the next start does not put right', async () => {
    await call('PUT', 'old', { body: { title: 'one' } })
    await call('PUT', 'gone', { body: { title: 'lost' } })
    const oldRecord = (await running.records(topics.items.name)).find(({ key }) => key.endsWith('/old'))
    await call('PUT', 'old', { body: { title: 'two' } })
    // A late publisher of the older version, dead before it looked again.
    await running.eventLog.publish([{ topic: topics.items.name, key: 'shop/old', value: oldRecord?.value ?? null }])
    await running.eventLog.publish([
      {
        topic: topics.items.name,
        key: 'shop/unknown',
        value: Buffer.from(
          JSON.stringify({
            tenant: 'shop',
            id: 'unknown',
            version: 9,
            updatedAt: '2026-01-01T00:00:00.000Z',
            body: {},
          }),
        ),
      },
    ])
    await running.repair()
    const newest = new Map((await published()).map((item) => [item.id, item.version]))
    expect(Object.fromEntries(newest)).toEqual({ old: 2, gone: 1, unknown: 9 })
    expect((await call('GET', 'unknown')).json()).toMatchObject({ version: 9 })
    expect((await call('PUT', 'unknown', { body: {} })).json()).toMatchObject({ version: 10 })
  })
})

it('publishes the newest version last, whichever publisher is slow', async () => {
  let overtake: (() => Promise<unknown>) | undefined
  await restart({
    wrapOnlineStore: (store) =>
      override(store, {
        async writeDocuments(writes) {
          const outcomes = await store.writeDocuments(writes)
          const other = overtake
          overtake = undefined
          await other?.()
          return outcomes
        },
      }),
  })
  // The second PUT runs whole between the first one's document and its record.
  overtake = () => call('PUT', 'tea', { body: { title: 'two' } })
  expect((await call('PUT', 'tea', { body: { title: 'one' } })).json()).toMatchObject({ version: 1 })
  expect((await published()).at(-1)).toMatchObject({ version: 2, body: { title: 'two' } })
})
