import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance, type Balance } from './harness/check.ts'
import { Flood } from './harness/flood.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import type { Answer } from './harness/load.ts'
import { watchMemory } from './harness/memory.ts'
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

const mebibytes = 1024 ** 2
/**
 * What ingestion may grow by: 64 MiB of records wait for the brokers at most, the bodies of the calls that they came in may
 * still be held meanwhile, and as much again is garbage that nobody has collected yet.
 */
const growthBytes = 3 * 64 * mebibytes
/** Kept until the brokers are back, these would be more than the bound even as bare bytes. */
const floodBytes = growthBytes + 64 * mebibytes
const floodSource = 1_000

it(
  'too few brokers under a flood of events: 503 with Retry-After while nothing can be durable, in bounded memory',
  { timeout: 300_000 },
  async () => {
    const { balance, statuses } = await through(async () => {
      const { url, key, kafka, processes } = installation
      const [first, second] = kafka.servers
      const [ingestion] = processes.ingestion
      const [feature] = processes.feature
      if (first === undefined || second === undefined || ingestion === undefined) throw new Error('nobody is there')
      const flood = new Flood({ url, key, ledger, source: floodSource, users: 100 })
      // It is warm, and its memory is that of a process under this load.
      await vi.waitFor(() => expect(flood.answers.filter(({ status }) => status === 200).length).toBeGreaterThan(100), {
        timeout: 60_000,
      })
      await Promise.all([first.kill(), second.kill()])
      expect([first.running, second.running]).toEqual([false, false])
      const [beganMs, bytesBefore] = [performance.now(), flood.sentBytes]
      const memory = await watchMemory(ingestion)
      await vi.waitFor(
        () => {
          expect(performance.now() - beganMs).toBeGreaterThan(10_000)
          expect(flood.sentBytes - bytesBefore).toBeGreaterThan(floodBytes)
        },
        { timeout: 120_000, interval: 100 },
      )
      expect(await feature?.metric('rapport_events_applied_total'), 'metrics without the log').toBeGreaterThan(0)
      const grownBytes = (await memory.peakBytes()) - memory.atStartBytes
      const during = (await flood.stop()).filter(({ startedMs }) => startedMs > beganMs)
      expect(grownBytes / mebibytes, 'MiB grown').toBeLessThan(growthBytes / mebibytes)
      expect(during.length).toBeGreaterThan(400)
      const isRefusal = ({ status, retryAfter }: Answer): boolean => status === 503 && Number(retryAfter) > 0
      expect(during.filter((answer) => !isRefusal(answer)).slice(0, 5)).toEqual([])
      await Promise.all([first.start(), second.start()])
    })
    expect(balance).toMatchObject(nothingAmiss)
    expect(statuses).toEqual([503])
  },
)
