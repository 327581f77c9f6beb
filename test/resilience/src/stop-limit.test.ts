import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
const limitSeconds = 6
/** From the limit to the exit of a process on a machine that is busy. */
const slackMs = 3000
const tooLate = 75

let installation: Installation
let ledger: Ledger
let sources = 0

beforeAll(async () => {
  const env = { RAPPORT_DRAIN_SECONDS: '0.5', RAPPORT_STOP_LIMIT_SECONDS: String(limitSeconds) }
  installation = owned.use(await startInstallation({ env }))
  const folder = owned.use(await temporaryFolder())
  ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
}, 180_000)
afterAll(() => owned.disposeAsync(), 120_000)

const stores = {
  Redis: () => installation.redis.server,
  Kafka: () => installation.kafka.servers[0],
  S3: () => installation.s3.server,
}

it.each(['Redis', 'Kafka'] as const)(
  'ingestion and feature, stopped while %s is held, end within the limit, and nothing acknowledged is lost',
  { timeout: 240_000 },
  async (name) => {
    const outcomes = await stopWhileHeld(name)
    for (const { code } of outcomes) expect([0, tooLate]).toContain(code)
    for (const { ms } of outcomes) expect(ms).toBeLessThan(limitSeconds * 1000 + slackMs)
    expect(await takeBalance(installation, ledger)).toMatchObject(nothingAmiss)
  },
)

it(
  'feature, stopped while S3 is held, is given up at the limit and says what still runs',
  { timeout: 240_000 },
  async () => {
    const [ingestion, feature] = await stopWhileHeld('S3')
    expect(ingestion?.code).toBe(0)
    // The archive of what was acknowledged just now cannot be written, and its call waits for longer than the limit.
    expect(feature?.code).toBe(tooLate)
    expect(feature?.ms).toBeLessThan(limitSeconds * 1000 + slackMs)
    expect(feature?.log).toContain('has not stopped in time')
    expect(feature?.log).toContain('"running":["followers and consumers"]')
    expect(await takeBalance(installation, ledger)).toMatchObject(nothingAmiss)
  },
)

/** Stops ingestion and feature under load while the store is held; then all goes on until more is acknowledged. */
async function stopWhileHeld(name: keyof typeof stores) {
  const { url, key, processes } = installation
  const load = { url, key, ledger, batchEvents: 10, eventsPerSecond: 200, users: 50 }
  const producers = new Producers({ ...load, firstSource: sources, sources: 1 })
  sources += 1
  await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(300), { timeout: 60_000 })
  const server = stores[name]()
  await server?.pause()
  const stopped = [...processes.ingestion, ...processes.feature]
  const outcomes = await Promise.all(
    stopped.map(async (service) => {
      const begunMs = performance.now()
      const code = await service.stop()
      return { code, ms: performance.now() - begunMs, log: service.log }
    }),
  )
  server?.resume()
  for (const service of stopped) await service.start()
  const { acknowledged } = producers.counts
  await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(acknowledged + 100), {
    timeout: 60_000,
  })
  await producers.stop()
  return outcomes
}
