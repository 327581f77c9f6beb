import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance, type Balance } from './harness/check.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
let installation: Installation
let ledger: Ledger

beforeAll(async () => {
  installation = owned.use(await startInstallation({ brokers: 3 }))
  const folder = owned.use(await temporaryFolder())
  ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
}, 180_000)
afterAll(() => owned.disposeAsync())

let sources = 0

/** Events before, during and after a fault of brokers; afterwards they are taken again by themselves. */
async function through(
  fault: (producers: Producers) => Promise<void>,
): Promise<{ balance: Balance; statuses: number[] }> {
  const { url, key } = installation
  const load = { sources: 2, batchEvents: 10, eventsPerSecond: 400, users: 100 }
  const producers = new Producers({ url, key, ledger, firstSource: sources, ...load })
  sources += load.sources
  await acknowledges(producers, 50)
  await fault(producers)
  await acknowledges(producers, 100)
  const { statuses } = await producers.stop()
  return { balance: await takeBalance(installation, ledger), statuses: [...statuses.keys()] }
}

async function acknowledges(producers: Producers, calls: number): Promise<void> {
  const before = producers.counts.acknowledged
  await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(before + calls), { timeout: 60_000 })
}

it(
  'one of three brokers killed at a time, three times: events are taken all the while',
  { timeout: 300_000 },
  async () => {
    const { balance } = await through(async (producers) => {
      for (const broker of installation.kafka.servers) {
        await broker.kill()
        expect(broker.running).toBe(false)
        await acknowledges(producers, 50)
        await broker.start()
      }
    })
    expect(balance).toMatchObject(nothingAmiss)
  },
)

it('a broker held for ten seconds (SIGSTOP)', { timeout: 180_000 }, async () => {
  const { balance } = await through(async (producers) => {
    const [broker] = installation.kafka.servers
    await broker?.pause()
    const heldMs = performance.now()
    await vi.waitFor(() => expect(performance.now() - heldMs).toBeGreaterThan(10_000), {
      timeout: 15_000,
      interval: 500,
    })
    broker?.resume()
    await acknowledges(producers, 20)
  })
  expect(balance).toMatchObject(nothingAmiss)
})

it(
  'too few brokers: 503 with Retry-After while nothing can be durable, in bounded memory',
  { timeout: 300_000 },
  async () => {
    const { balance, statuses } = await through(async () => {
      const [first, second] = installation.kafka.servers
      await Promise.all([first?.kill(), second?.kill()])
      const headers = { authorization: `Bearer ${installation.key}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ userId: 'user-1', event: 'Product Viewed' })
      const answer = await fetch(`${installation.url}/v1/track`, { method: 'POST', headers, body })
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      const [ingestion] = installation.processes.ingestion
      const [feature] = installation.processes.feature
      expect(await feature?.metric('rapport_events_applied_total'), 'metrics without the log').toBeGreaterThan(0)
      expect(await ingestion?.metric('process_resident_memory_bytes')).toBeLessThan(600 * 1024 ** 2)
      await Promise.all([first?.start(), second?.start()])
    })
    expect(balance).toMatchObject(nothingAmiss)
    expect(statuses).toEqual([503])
  },
)
