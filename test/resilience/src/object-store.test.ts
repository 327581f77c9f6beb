import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { operatorTenant } from '@rapport/contracts'
import { murmur2 } from '@rapport/core'
import { startFaultProxy, type Fault, type FaultProxy } from '@rapport/object-store/fault-proxy'
import type { BatchEvent } from '@rapport/sdk'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
let installation: Installation
let ledger: Ledger
/** Between the services and the store. */
let proxy: FaultProxy
/** Versions by age; the last serves. */
let versions: readonly [string, string, string]

beforeAll(async () => {
  const env = {
    RAPPORT_TRAINING_MIN_EVENTS: '1000000',
    RAPPORT_TRAINING_EVERY_HOURS: '0',
    RAPPORT_ARCHIVE_FLUSH_SECONDS: '1',
  }
  const s3Proxy = async (endpoint: string): Promise<FaultProxy> => (proxy = await startFaultProxy(endpoint))
  installation = owned.use(await startInstallation({ env, s3Proxy }))
  const folder = owned.use(await temporaryFolder())
  ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
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
  // As long as the aliases are polled, and the loading, when the broadcast came while nothing could be read.
  vi.waitFor(async () => expect((await recommend()).model).toBe(version), { timeout: 45_000, interval: 100 })
const metric = async (name: string): Promise<number> =>
  (await installation.processes.recommendation[0]?.metric(`rapport_recommendation_model_${name}`)) ?? 0
const refusals = (): Promise<number> => metric('refusals')
const modelFolder = (): string =>
  join(installation.s3.server.folder, 'buckets/rapport/models', operatorTenant, 'recommender')
const filesOf = async (version: string): Promise<string[]> => {
  const folder = join(modelFolder(), 'versions', version)
  const names = await readdir(folder)
  return names.filter((name) => name !== 'manifest.json').map((name) => join(folder, name))
}
const champion = async (): Promise<string | undefined> =>
  (await installation.client.models.get('recommender')).aliases.find(({ alias }) => alias === 'champion')?.version

/** Whatever an alias names has a manifest, and every file of it as the manifest says. */
async function expectAliasesToBeWhole(): Promise<void> {
  const readJson = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(modelFolder(), path), 'utf8'))
  for (const alias of await readdir(join(modelFolder(), 'aliases'))) {
    const { version } = (await readJson(join('aliases', alias))) as { version: string }
    const manifest = (await readJson(join('versions', version, 'manifest.json'))) as {
      files: { path: string; sha256: string }[]
    }
    expect(manifest.files.length).toBeGreaterThan(0)
    for (const { path, sha256 } of manifest.files) {
      const bytes = await readFile(join(modelFolder(), 'versions', version, path))
      expect(createHash('sha256').update(bytes).digest('hex'), `${path} of ${version}`).toBe(sha256)
    }
  }
}

// First, while the events are such that every training finds a model to publish.
it(
  'a publication that is killed, or refused, before its end leaves nothing that an alias could name',
  { timeout: 240_000 },
  async () => {
    const [, , newest] = versions
    const { client, processes } = installation
    const [control] = processes.control
    const isManifest = /\/versions\/([^/]+)\/manifest\.json/
    const killed = Promise.withResolvers<string>()
    const kill: Fault = {
      kind: 'handle',
      handle: async (incoming) => {
        for (const pid of (await control?.children()) ?? []) process.kill(pid, 'SIGKILL')
        killed.resolve(isManifest.exec(incoming.url ?? '')?.[1] ?? '')
        incoming.socket.destroy()
        return true
      },
    }
    const refused = Promise.withResolvers<string>()
    const refuse: Fault = {
      ...kill,
      handle: (incoming) => {
        refused.resolve(isManifest.exec(incoming.url ?? '')?.[1] ?? '')
        incoming.socket.destroy()
        return Promise.resolve(true)
      },
    }
    for (const [fault, happened] of [
      [kill, killed],
      [refuse, refused],
    ] as const) {
      proxy.fault = ({ method, url = '' }) => (method === 'PUT' && isManifest.test(url) ? fault : undefined)
      const { id } = await client.trainingJobs.create({ task: 'recommender', budgetSeconds: 5 })
      const version = await happened.promise
      expect((await filesOf(version)).length).toBeGreaterThan(0)
      await vi.waitFor(async () => expect((await client.trainingJobs.get(id)).state).not.toBe('running'), {
        timeout: 60_000,
        interval: 100,
      })
      const { versions: published } = await client.models.get('recommender')
      expect(published.map((each) => each.version)).not.toContain(version)
      await expect(client.models.promote('recommender', version)).rejects.toMatchObject({ status: 404 })
      expect(await champion()).toBe(newest)
      expect((await recommend()).model).toBe(newest)
      await expectAliasesToBeWhole()
      proxy.fault = () => undefined
      await vi.waitFor(
        async () => expect(['succeeded', 'failed']).toContain((await client.trainingJobs.get(id)).state),
        {
          timeout: 90_000,
          interval: 200,
        },
      )
      await client.models.promote('recommender', newest)
      await served(newest)
    }
  },
)

let sources = 0

/** Events all the while, and recommendations in time by the given model; then the balance, when the fault is over. */
async function through(model: string, fault: Fault, during: () => Promise<void>): Promise<void> {
  const { url, key } = installation
  const load = { sources: 1, batchEvents: 10, eventsPerSecond: 100, users: 100 }
  const producers = new Producers({ url, key, ledger, firstSource: (sources += 1), ...load })
  const happened = proxy.happened.length
  proxy.fault = () => fault
  for (let number = 0; number < 20; number += 1) {
    const askedMs = performance.now()
    expect(await recommend()).toMatchObject({ model, items: { length: 5 } })
    expect(performance.now() - askedMs).toBeLessThan(1_000)
  }
  const { acknowledged } = producers.counts
  await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(acknowledged + 20), { timeout: 20_000 })
  // A writer looks for the mark of others first, and goes no further while it is not told.
  const isArchiving = (request: string): boolean =>
    request.startsWith('PUT /rapport/archive/') || request.includes('conditional-puts-are-not-atomic')
  proxy.requests.length = 0
  await vi.waitFor(() => expect(proxy.requests.some(isArchiving)).toBe(true), { timeout: 20_000 })
  await during()
  expect(proxy.happened.length).toBeGreaterThan(happened)
  proxy.fault = () => undefined
  const { statuses } = await producers.stop()
  expect([...statuses]).toEqual([])
  expect(await takeBalance(installation, ledger)).toMatchObject(nothingAmiss)
  await expectAliasesToBeWhole()
}

const error = (status: number, code: string): Fault => ({
  kind: 'answer',
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Not now.</Message></Error>`,
})

it('every answer of the store comes seconds late', { timeout: 180_000 }, async () => {
  const [, older, newest] = versions
  const handle = async (): Promise<boolean> => {
    await setTimeout(1_500)
    return false
  }
  await through(newest, { kind: 'handle', handle }, async () => {
    // Late as well, but all the same.
    await installation.client.models.promote('recommender', older)
    await served(older)
  })
  expect(await champion()).toBe(older)
  await installation.client.models.promote('recommender', newest)
  await served(newest)
})

it.each([
  [503, 'SlowDown'],
  [500, 'InternalError'],
])('the store refuses everything with %i', { timeout: 180_000 }, async (status, code) => {
  const [, older, newest] = versions
  await through(newest, error(status, code), async () => {
    await expect(installation.client.models.promote('recommender', older)).rejects.toMatchObject({ status: 503 })
  })
  expect(await champion()).toBe(newest)
  expect((await recommend()).model).toBe(newest)
})

it(
  'a version that the store does not give: logged, counted and to be seen, until it can be read',
  { timeout: 180_000 },
  async () => {
    const [, older, newest] = versions
    const { client, processes } = installation
    const before = await metric('read_failures')
    const isFile = /^\/rapport\/models\/.*\/versions\/[^/]+\/(?!manifest\.json)/
    proxy.fault = ({ method, url = '' }) => (method === 'GET' && isFile.test(url) ? error(503, 'SlowDown') : undefined)
    await client.models.promote('recommender', older)
    await vi.waitFor(async () => expect(await metric('read_failures')).toBeGreaterThan(before), { timeout: 45_000 })
    expect(processes.recommendation[0]?.log).toContain('model could not be read, will be tried again')
    // What shall serve, and what does.
    expect(await champion()).toBe(older)
    expect((await recommend()).model).toBe(newest)
    expect(await metric(`created_seconds{tenant="${operatorTenant}",version="${newest}"}`)).toBeGreaterThan(0)
    proxy.fault = () => undefined
    await served(older)
    await client.models.promote('recommender', newest)
    await served(newest)
  },
)

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
