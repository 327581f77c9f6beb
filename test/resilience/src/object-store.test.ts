import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { operatorTenant } from '@rapport/contracts'
import { murmur2 } from '@rapport/core'
import type { BatchEvent } from '@rapport/sdk'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startInstallation, type Installation } from './harness/installation.ts'

const owned = new AsyncDisposableStack()
let installation: Installation
/** Versions by age; the last serves. */
let versions: readonly [string, string, string]

beforeAll(async () => {
  const env = { RAPPORT_TRAINING_MIN_EVENTS: '1000000', RAPPORT_TRAINING_EVERY_HOURS: '0' }
  installation = owned.use(await startInstallation({ env }))
  const { client } = installation
  await client.putItems(Array.from({ length: 200 }, (_, number) => ({ id: `item-${number}`, title: `Item ${number}` })))
  const events = Array.from({ length: 4_000 }, (_, number) =>
    viewByTaste(number, Date.now() - (4_000 - number) * 60_000),
  )
  for (let from = 0; from < events.length; from += 1_000) await client.importEvents(events.slice(from, from + 1_000))
  await installation.caughtUp()
  versions = [await train(), await train(), await train()]
  await served(versions[2])
}, 300_000)
afterAll(() => owned.disposeAsync())

/** Five tastes of forty items each, so that a model has something to learn and something to leave out. */
function viewByTaste(number: number, atMs: number): BatchEvent {
  const user = number % 100
  const item = (user % 5) * 40 + ((murmur2(Buffer.from(String(number))) >>> 0) % 40)
  return {
    type: 'track',
    userId: `user-${user}`,
    event: 'Product Viewed',
    properties: { product_id: `item-${item}` },
    timestamp: new Date(atMs).toISOString(),
  }
}

/** A further version, which serves whether or not it is better. */
async function train(): Promise<string> {
  const { client } = installation
  const { id } = await client.trainingJobs.create({ task: 'recommender', budgetSeconds: 5 })
  const job = await vi.waitFor(
    async () => {
      const standing = await client.trainingJobs.get(id)
      expect(standing.state, standing.error?.message).toBe('succeeded')
      return standing
    },
    { timeout: 90_000, interval: 200 },
  )
  const version = job.result?.version
  if (version === undefined) throw new Error(`the job ${id} made no version`)
  if (job.result?.promoted !== true) await client.models.promote('recommender', version)
  return version
}

const recommend = () => installation.client.recommend({ userId: 'user-1', count: 5 })
const served = (version: string): Promise<void> =>
  vi.waitFor(async () => expect((await recommend()).model).toBe(version), { timeout: 30_000, interval: 100 })
const refusals = async (): Promise<number> =>
  (await installation.processes.recommendation[0]?.metric('rapport_recommendation_model_refusals')) ?? 0
const filesOf = async (version: string): Promise<string[]> => {
  const folder = join(
    installation.s3.server.folder,
    'buckets/rapport/models',
    operatorTenant,
    'recommender/versions',
    version,
  )
  const names = await readdir(folder)
  return names.filter((name) => name !== 'manifest.json').map((name) => join(folder, name))
}

it(
  'the last good model keeps serving when the one that shall serve is corrupt or cut short, and that is seen',
  { timeout: 120_000 },
  async () => {
    const { client } = installation
    const [oldest, older, newest] = versions
    const [flipped = ''] = await filesOf(older)
    const bytes = await readFile(flipped)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(flipped, bytes)
    const [cut = ''] = await filesOf(oldest)
    await truncate(cut, 10)
    for (const [count, version] of [older, oldest].entries()) {
      await client.models.promote('recommender', version)
      await vi.waitFor(async () => expect(await refusals()).toBe(count + 1), { timeout: 30_000, interval: 100 })
      expect((await recommend()).model).toBe(newest)
      expect(installation.processes.recommendation[0]?.log).toContain(version)
    }
    await client.models.promote('recommender', newest)
  },
)

it(
  'everything but changes of models goes on while the store is down or does not answer',
  { timeout: 120_000 },
  async () => {
    const { client, s3 } = installation
    const [, , newest] = versions
    for (const [begin, end] of [
      [() => s3.server.kill(), () => s3.server.start()],
      [() => s3.server.pause(), async () => s3.server.resume()],
    ] as const) {
      await begin()
      for (let number = 0; number < 20; number += 1) {
        expect(await recommend()).toMatchObject({ model: newest, items: { length: 5 } })
        await client.track({ userId: 'user-1', event: 'Product Viewed', properties: { product_id: `item-${number}` } })
      }
      await end()
      await vi.waitFor(async () => expect((await client.models.list()).length).toBe(1), {
        timeout: 30_000,
        interval: 200,
      })
    }
    await installation.caughtUp()
    await client.state.flushArchive()
    expect((await client.users.get('user-1'))?.counts['Product Viewed']?.['1h']).toBeGreaterThanOrEqual(40)
  },
)
