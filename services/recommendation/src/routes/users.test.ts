import { topics, type Exposure, type RecommendationResponse } from '@rapport/contracts'
import { entities, parts } from '@rapport/features'
import type { OnlineStore } from '@rapport/online-store'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { teaAndCoffee, trainKnnBundle } from '../domain/testing.ts'
import { TestShop } from '../testing.ts'

let shop: TestShop
beforeEach(async () => {
  shop = await TestShop.open()
  await serveModel('v1')
  for (const id of teaAndCoffee.itemIds) await shop.put(id, { title: id })
  await shop.catalogueHas('mill')
  await shop.act(ann, 'Product Viewed', 'green')
})
afterEach(() => shop[Symbol.asyncDispose]())

const ann = { userId: 'ann' }
const serveModel = async (version: string): Promise<void> =>
  shop.models.serve('shop', version, await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users))
const get = (query = '', headers = {}) => shop.request('GET', `/v1/recommendations/users/ann${query}`, { headers })
const read = async (query = ''): Promise<RecommendationResponse> => (await get(query)).json()

describe('GET /v1/recommendations/users/{id}', () => {
  it('gives the same answer again, byte for byte, and says so to a caller that holds it', async () => {
    const first = await get()
    const second = await get()
    expect(first.statusCode).toBe(200)
    expect(second.body).toBe(first.body)
    expect(first.headers['cache-control']).toBe('private, max-age=1')
    const third = await get('', { 'if-none-match': first.headers.etag })
    expect(third.statusCode).toBe(304)
    expect(third.body).toBe('')
    expect((await get('', { 'if-none-match': `"other", W/${first.headers.etag}` })).statusCode).toBe(304)
    expect((await get('', { 'if-none-match': '"other"' })).statusCode).toBe(200)
  })

  it('is made anew when the user has done something', async () => {
    const before = await read('?count=2')
    await shop.act(ann, 'Order Completed', 'black')
    const after = await read('?count=2')
    expect(before.items.map(({ id }) => id)).toEqual(['black', 'pot'])
    expect(after.recommendationId).not.toBe(before.recommendationId)
    expect(after.items[0]?.id).toBe('pot')
  })

  it('is made anew when a linked id has done something', async () => {
    const { onlineStore } = shop.platform.drivers
    const link = (entity: ReturnType<typeof entities.user>, other: string) => ({
      entity,
      topic: topics.events.name,
      partition: 1,
      entries: [
        {
          offset: 0,
          messageId: 'link',
          receivedAtMs: 1,
          changes: [
            { op: 'earliest', part: parts.firstLinks, field: other, atMs: 1, value: null },
            { op: 'latest', part: parts.newestLinks, field: other, atMs: 1, value: null },
          ] as const,
        },
      ],
    })
    await onlineStore.apply([
      link(entities.user('shop', 'ann'), 'browser'),
      link(entities.anonymous('shop', 'browser'), 'ann'),
    ])
    const before = await read('?count=1')
    await shop.act({ anonymousId: 'browser' }, 'Order Completed', 'press')
    const after = await read('?count=1')
    expect(after.recommendationId).not.toBe(before.recommendationId)
    expect(after.items[0]?.id).not.toBe(before.items[0]?.id)
  })

  it('is made anew when another model serves', async () => {
    const before = await read()
    await serveModel('v2')
    expect(before.model).toBe('v1')
    expect((await read()).model).toBe('v2')
  })

  it('is made anew when one of its items is gone or has changed', async () => {
    expect((await read('?count=2')).items.map(({ id }) => id)).toEqual(['black', 'pot'])
    await shop.put('black', { title: 'Black tea' }, { version: 2 })
    await vi.waitFor(async () => expect((await read('?count=2')).items[0]?.properties?.title).toBe('Black tea'))
    await shop.put('black', {}, { version: 3, deleted: true })
    await vi.waitFor(async () => expect((await read('?count=2')).items[0]?.id).toBe('pot'))
  })

  it('keeps answers of different requests apart', async () => {
    await shop.put('pot', { title: 'pot', categories: ['Ware'] }, { version: 2 })
    await vi.waitFor(async () => expect((await read('?category=Ware')).items.map(({ id }) => id)).toEqual(['pot']))
    expect((await read('?count=1')).items).toHaveLength(1)
    expect((await read()).items.length).toBeGreaterThan(2)
  })

  it('notes each showing, the cached ones too', async () => {
    const { recommendationId } = await read('?scenario=home')
    await read('?scenario=mail')
    await vi.waitFor(async () => {
      const shown = (await readExposures()).filter((exposure) => exposure.recommendationId === recommendationId)
      expect(shown.map(({ scenario, cached }) => ({ scenario, cached }))).toEqual([
        { scenario: 'home', cached: undefined },
        { scenario: 'mail', cached: true },
      ])
      expect(shown[1]?.items).toEqual(shown[0]?.items)
    })
  })
})

async function readExposures(): Promise<Exposure[]> {
  const { eventLog } = shop.platform.drivers
  const exposures: Exposure[] = []
  for (const { partition } of await eventLog.extents(topics.exposures.name)) {
    const records = await eventLog.read({ topic: topics.exposures.name, partition, offset: 0 }, 100)
    for (const { value } of records) exposures.push(JSON.parse(new TextDecoder().decode(value ?? undefined)))
  }
  return exposures
}

describe('when the online store fails', () => {
  /** The real store, whose reads fail or never answer while told so. */
  class Trouble {
    mode: 'none' | 'down' | 'hangs' = 'none'
    reads = 0

    wrap(store: OnlineStore): OnlineStore {
      const guard = <T>(read: () => Promise<T>): Promise<T> => {
        this.reads += 1
        if (this.mode === 'down') return Promise.reject(new Error('the store is down'))
        return this.mode === 'hangs' ? new Promise<never>(() => {}) : read()
      }
      return new Proxy(store, {
        get: (target, name) => {
          if (name === 'read') return (...args: Parameters<OnlineStore['read']>) => guard(() => target.read(...args))
          if (name === 'readCached') {
            return (...args: Parameters<OnlineStore['readCached']>) => guard(() => target.readCached(...args))
          }
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    }
  }

  it.each(['down', 'hangs'] as const)('answers in time from the model, marked as degraded: %s', async (mode) => {
    const trouble = new Trouble()
    await using broken = await TestShop.open({
      config: { stateTimeoutMs: 30 },
      wrap: (given) => ({ ...given, onlineStore: trouble.wrap(given.onlineStore) }),
    })
    broken.models.serve('shop', 'v1', await trainKnnBundle(teaAndCoffee.itemIds, teaAndCoffee.users))
    await broken.act(ann, 'Product Viewed', 'green')
    expect((await broken.recommend(ann)).degraded).toBeUndefined()
    trouble.mode = mode
    const readsBefore = trouble.reads
    const startedMs = performance.now()
    const answer = await broken.recommend({ ...ann, itemIds: ['press'], count: 10 })
    expect(trouble.reads).toBeGreaterThan(readsBefore)
    expect(performance.now() - startedMs).toBeLessThan(1000)
    expect(answer).toMatchObject({ degraded: true, model: 'v1' })
    expect(answer.items.map(({ id }) => id)).not.toContain('press')
    expect(answer.items).toHaveLength(5)
    const user = await broken.request('GET', '/v1/recommendations/users/ann')
    expect(user.json<RecommendationResponse>()).toMatchObject({ degraded: true, strategy: 'popular' })
    expect(user.headers['cache-control']).toBe('no-store')
    expect(user.headers.etag).toBeUndefined()
    trouble.mode = 'none'
    await vi.waitFor(async () => expect((await broken.recommend(ann)).degraded).toBeUndefined(), { timeout: 3000 })
  })
})
