import { join } from 'node:path'
import { redisCommand, type Redis } from '@rapport/infra'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { takeBalance } from './harness/check.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Load, type Answer } from './harness/load.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
let installation: Installation
let redis: Redis
let ledger: Ledger

beforeAll(async () => {
  installation = owned.use(await startInstallation({ redis: ['maxmemory-policy volatile-lru'] }))
  redis = installation.redis
  const folder = owned.use(await temporaryFolder())
  ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
  const items = Array.from({ length: 50 }, (_, number) => ({ id: `item-${number}`, title: `Item ${number}` }))
  await installation.client.putItems(items)
}, 120_000)
afterAll(() => owned.disposeAsync())

const isDegraded = ({ body }: Answer): boolean => (JSON.parse(body) as { degraded?: boolean }).degraded === true

interface Fault {
  /** Brings it about and proves that it is there. */
  readonly begin: () => Promise<void>
  readonly end: () => Promise<void>
}

/** Events and recommendations before, during and after a fault; what holds in each. */
async function through({ begin, end }: Fault): Promise<void> {
  const { url, key } = installation
  const producers = new Producers({ url, key, ledger, sources: 2, batchEvents: 10, eventsPerSecond: 400, users: 100 })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const load = new Load({
    perSecond: 40,
    next: (number) => ({
      url: `${url}/v1/recommendations`,
      init: { method: 'POST', headers, body: JSON.stringify({ userId: `user-${number % 100}`, count: 5 }) },
    }),
  })
  const answered = async (count: number): Promise<readonly Answer[]> => {
    const from = load.answers.length
    await vi.waitFor(() => expect(load.answers.length).toBeGreaterThan(from + count), { timeout: 30_000 })
    return load.answers.slice(from)
  }
  await answered(80)
  await begin()
  const during = await answered(200)
  const acknowledged = producers.counts.acknowledged
  await vi.waitFor(() => expect(producers.counts.acknowledged, 'events are taken').toBeGreaterThan(acknowledged + 10), {
    timeout: 20_000,
  })
  await end()
  // By itself: nobody does anything but wait.
  await vi.waitFor(
    async () => {
      const last = await answered(20)
      expect(last.filter(isDegraded)).toEqual([])
    },
    { timeout: 60_000 },
  )
  const answers = await load.stop()
  await producers.stop()
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  expect(answers.filter(({ body }) => (JSON.parse(body) as { items: unknown[] }).items.length === 0)).toEqual([])
  expect(during.filter(isDegraded).length, 'degraded answers').toBeGreaterThan(100)
  expect(Math.max(...during.map(({ tookMs }) => tookMs)), 'milliseconds').toBeLessThan(1_000)
  expect(await takeBalance(installation, ledger)).toMatchObject({
    lost: 0,
    unapplied: 0,
    appliedTwice: 0,
    unarchived: 0,
    deadLettered: 0,
  })
}

it('Redis killed and started again', { timeout: 180_000 }, async () => {
  await through({
    begin: async () => {
      await redis.server.kill()
      await expect(redisCommand(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED')
    },
    end: () => redis.server.start(),
  })
})

it('Redis held (SIGSTOP)', { timeout: 180_000 }, async () => {
  await through({
    begin: () => redis.server.pause(),
    end: () => {
      redis.server.resume()
      return Promise.resolve()
    },
  })
})
