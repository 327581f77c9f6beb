import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { redisCommand, type Redis } from '@rapport/infra'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance, type Balance } from './harness/check.ts'
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

let sources = 0
const perSecond = 40
/** Of a recommendation, whatever has become of Redis; and while a server is started on the same cores. */
const [withinMs, startingWithinMs] = [1000, 3000]
/** Requests that may be on their way at a moment. */
const inHand = (perSecond * withinMs) / 1000

interface Fault {
  /** Whether visitors' states cannot be read meanwhile. */
  readonly hidesState: boolean
  /** Brings it about and proves that it is there. */
  readonly begin: () => Promise<void>
  readonly end: () => Promise<void>
}

/** Events and recommendations before, during and after a fault; what holds in each. */
async function through({ hidesState, begin, end }: Fault): Promise<Balance> {
  const { url, key } = installation
  const producers = new Producers({
    url,
    key,
    ledger,
    firstSource: sources,
    sources: 2,
    batchEvents: 10,
    eventsPerSecond: 400,
    users: 100,
  })
  sources += 2
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const load = new Load({
    perSecond,
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
  const beforeFault = load.answers.length
  await begin()
  // Those that were asked before it are answered by then.
  await answered(inHand)
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
  const unmarked = hidesState ? during.filter((answer) => !isDegraded(answer)) : []
  expect(unmarked).toEqual([])
  const slowest = (some: readonly Answer[]): number => Math.max(...some.map(({ tookMs }) => tookMs))
  expect(slowest(during), 'milliseconds').toBeLessThan(withinMs)
  expect(slowest(answers.slice(beforeFault)), 'milliseconds, servers that start beside it included').toBeLessThan(
    startingWithinMs,
  )
  return takeBalance(installation, ledger)
}

it('Redis killed and started again', { timeout: 180_000 }, async () => {
  const balance = await through({
    hidesState: true,
    begin: async () => {
      await redis.server.kill()
      await expect(redisCommand(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED')
    },
    end: () => redis.server.start(),
  })
  expect(balance).toMatchObject(nothingAmiss)
})

it('Redis held (SIGSTOP)', { timeout: 180_000 }, async () => {
  const balance = await through({
    hidesState: true,
    begin: () => redis.server.pause(),
    end: () => {
      redis.server.resume()
      return Promise.resolve()
    },
  })
  expect(balance).toMatchObject(nothingAmiss)
})

it('Redis with another password', { timeout: 180_000 }, async () => {
  const path = join(redis.server.folder, 'redis.conf')
  const standing = await readFile(path, 'utf8')
  const restartWith = async (config: string): Promise<void> => {
    await redis.server.kill()
    await writeFile(path, config)
    await redis.server.start()
  }
  const balance = await through({
    hidesState: true,
    begin: async () => {
      await restartWith(`${standing}requirepass ${randomUUID()}\n`)
      expect(await redisCommand(redis.port, 'GET', 'x')).toContain('-NOAUTH')
    },
    end: () => restartWith(standing),
  })
  expect(balance).toMatchObject(nothingAmiss)
})

it('Redis full', { timeout: 180_000 }, async () => {
  const balance = await through({
    hidesState: false,
    begin: async () => {
      await redisCommand(redis.port, 'CONFIG', 'SET', 'maxmemory', '1mb')
      expect(await redisCommand(redis.port, 'SET', 'x', '1')).toContain('-OOM')
    },
    end: async () => {
      await redisCommand(redis.port, 'CONFIG', 'SET', 'maxmemory', '0')
    },
  })
  expect(balance).toMatchObject(nothingAmiss)
})
