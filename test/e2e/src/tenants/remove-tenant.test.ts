import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CreatedTenant, ModelList, TenantStatus } from '@rapport/contracts'
import { tenantRemovalKey, topics } from '@rapport/contracts'
import { backfill, createShop } from '@rapport/demo-shop'
import { RapportApiError, RapportClient } from '@rapport/sdk'
import { connectDrivers, createLogger, readConfig, StoresSchema } from '@rapport/service-kit'
import { expect, test, vi } from 'vitest'
import type { PlatformProcess } from '../support/platform-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const tenant = 'gone-shop'
const minute = { timeout: 60_000, interval: 100 }

const clientOf = ({ url }: PlatformProcess, key: string): RapportClient => new RapportClient({ url, key, retries: 0 })

/** The key of a new tenant, once it is known everywhere. */
async function newKey(platform: PlatformProcess, name: string): Promise<string> {
  const call = { method: 'POST', path: '/v1/tenants', body: { tenant: name } } as const
  const { key } = (await platform.client.http.json<CreatedTenant>(call)).key
  await vi.waitFor(
    async () => expect(await statusOf(get(clientOf(platform, key), '/v1/tenants/self'))).toBe(200),
    minute,
  )
  return key
}
const createTenant = async (platform: PlatformProcess, name: string): Promise<RapportClient> =>
  clientOf(platform, await newKey(platform, name))

/** The answer's status, or that of the error. */
async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call
    return 200
  } catch (error) {
    if (error instanceof RapportApiError) return error.status
    throw error
  }
}
const get = <T>(client: RapportClient, path: string): Promise<T> => client.http.json<T>({ method: 'GET', path })

const path = `/v1/tenants/${tenant}`

async function beginRemoval({ client }: PlatformProcess): Promise<void> {
  expect(await client.http.json<TenantStatus>({ method: 'DELETE', path })).toMatchObject({ state: 'removing' })
}
const removalEnds = ({ client }: PlatformProcess): Promise<void> =>
  vi.waitFor(async () => expect(await statusOf(get(client, path))).toBe(404), minute)

/** Neither the objects nor the online store nor the tables of the log know the tenant. The platform must be stopped. */
async function expectNothingOnDisk(dataDir: string): Promise<void> {
  const log = createLogger('test', { level: 'silent' })
  await using drivers = await connectDrivers(readConfig(StoresSchema, { RAPPORT_DATA_DIR: dataDir }), log)
  const { objectStore, onlineStore, eventLog } = drivers
  for await (const { key } of objectStore.list('')) {
    expect(key).not.toContain(tenant)
    expect(await readFile(join(dataDir, 'objects', key), 'latin1')).not.toContain(tenant)
  }
  expect(await Array.fromAsync(onlineStore.scan(tenant))).toEqual([])
  const items = ['p0001', 'p0002'].map((id) => ({ tenant, kind: 'item', id }))
  expect(await onlineStore.readDocuments(items)).toEqual([undefined, undefined])
  for (const { name: topic } of [topics.items, topics.models, topics.access]) {
    for (const { partition, firstOffset: offset } of await eventLog.extents(topic)) {
      const records = await eventLog.read({ topic, partition, offset }, 100_000)
      const standing = records.filter(({ key, value }) => value !== null && key.split('/')[0] === tenant)
      expect(standing.map(({ key }) => key)).toEqual([])
    }
  }
}

/** A tenant of the name knows nothing of the one before. */
async function expectClean(client: RapportClient): Promise<void> {
  expect(await client.recommend({ userId: 'visitor-1', count: 5 })).toMatchObject({ model: null, items: [] })
  expect((await client.popular()).items).toEqual([])
  expect((await client.trending()).items).toEqual([])
  expect(await client.getItem('p0001')).toBeUndefined()
  expect(await statusOf(get(client, '/v1/users/visitor-1'))).toBe(404)
  expect(await get<ModelList>(client, '/v1/models')).toEqual({ models: [] })
  expect(await get<{ jobs: unknown[] }>(client, '/v1/training-jobs')).toEqual({ jobs: [] })
}

/** What the new tenant does counts from its first event and first item, and alone. */
async function expectFreshStart(client: RapportClient): Promise<void> {
  await client.track({ userId: 'visitor-1', event: 'Product Viewed', properties: { product_id: 'first' } })
  await vi.waitFor(async () => {
    expect((await client.popular()).items.map(({ id }) => id)).toEqual(['first'])
  }, minute)
  expect(await client.putItem('p0001', { title: 'Anew' })).toMatchObject({ version: 1 })
}

/** Events of another tenant on every partition, applied: by then whatever a rewind brought has been looked at. */
async function passRewind(client: RapportClient, round: string): Promise<void> {
  const users = Array.from({ length: 64 }, (_, index) => `${round}-${index}`)
  await client.batch(
    users.map((userId) => ({ type: 'track', userId, event: 'Product Viewed', properties: { product_id: 'x' } })),
  )
  for (const userId of users) {
    await vi.waitFor(async () => expect(await statusOf(get(client, `/v1/users/${userId}`))).toBe(200), minute)
  }
}

test(
  'a removed tenant leaves nothing behind, does not come back, and can be made again',
  { timeout: 300_000 },
  async () => {
    await using folder = await temporaryFolder()
    const dataDir = folder.path
    let neighbourKey = ''
    {
      await using platform = await startPlatformProcess({ dataDir })
      const client = await createTenant(platform, tenant)
      // Its name is the beginning of the other's.
      neighbourKey = await newKey(platform, 'gone')
      const neighbour = clientOf(platform, neighbourKey)
      await neighbour.putItem('p0001', { title: 'The neighbour’s' })
      await client.datasets.upload('reviews', 'text,label\nfine,good\n')
      await passRewind(neighbour, 'before')
      const [shop, endMs] = [createShop(7), Date.now()]
      for (const part of ['behaviour', 'texts'] as const) await backfill(client, shop, endMs, part)
      await vi.waitFor(
        async () => expect((await client.recommend({ userId: 'visitor-1', count: 5 })).model).not.toBeNull(),
        { timeout: 120_000, interval: 500 },
      )
      expect((await client.popular()).items.length).toBeGreaterThan(0)

      await beginRemoval(platform)
      await removalEnds(platform)
      expect(await statusOf(client.popular())).toBe(401)
      expect(await statusOf(client.track({ userId: 'visitor-1', event: 'Product Viewed' }))).toBe(401)
      const again = await createTenant(platform, tenant)
      await expectClean(again)
      await expectFreshStart(again)
      await beginRemoval(platform)
      await platform.kill()
    }
    {
      // Cut short: what the record asks for is not done.
      await stat(join(dataDir, 'objects', tenantRemovalKey(tenant)))
      await using platform = await startPlatformProcess({ dataDir })
      await removalEnds(platform)
    }
    await expectNothingOnDisk(dataDir)
    {
      await using platform = await startPlatformProcess({ dataDir })
      const neighbour = clientOf(platform, neighbourKey)
      await passRewind(neighbour, 'after')
      expect(await statusOf(get(platform.client, path))).toBe(404)
      expect((await neighbour.getItem('p0001'))?.title).toBe('The neighbour’s')
    }
    await expectNothingOnDisk(dataDir)
    await using platform = await startPlatformProcess({ dataDir })
    const anew = await createTenant(platform, tenant)
    await expectClean(anew)
    await expectFreshStart(anew)
  },
)
