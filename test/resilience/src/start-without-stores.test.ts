import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startInstallation, type Installation } from './harness/installation.ts'

const owned = new AsyncDisposableStack()
/** A process has little of a core while others start. */
const soon = { timeout: 150_000, interval: 100 }
let installation: Installation

beforeAll(async () => {
  installation = owned.use(await startInstallation({ env: { RAPPORT_S3_CONDITIONAL_PUTS: 'native' } }))
}, 180_000)
afterAll(() => owned.disposeAsync(), 60_000)

const stores = {
  Redis: () => installation.redis.server,
  Kafka: () => installation.kafka.servers[0],
  S3: () => installation.s3.server,
}

it.each(['Redis', 'Kafka', 'S3'] as const)(
  'a service that is started while %s is away lives, is not ready, and goes on by itself',
  { timeout: 400_000 },
  async (name) => {
    const [ingestion] = installation.processes.ingestion
    await ingestion?.kill()
    await stores[name]()?.kill()
    ingestion?.spawn()
    await vi.waitFor(async () => expect(await ingestion?.health('ready')).toBe(503), soon)
    expect(await ingestion?.health('live')).toBe(200)
    expect(ingestion?.log).toContain('the start is tried again')
    await stores[name]()?.start()
    await vi.waitFor(async () => expect(await ingestion?.isReady()).toBe(true), soon)
    await vi.waitFor(() => installation.client.putItem('lamp', { title: `after ${name}` }), soon)
  },
)

it('what waits for its start ends when it is told to', { timeout: 400_000 }, async () => {
  const [ingestion] = installation.processes.ingestion
  await ingestion?.kill()
  await stores.Redis().kill()
  ingestion?.spawn()
  await vi.waitFor(async () => expect(await ingestion?.health('ready')).toBe(503), soon)
  expect(await ingestion?.stop()).toBe(0)
  await stores.Redis().start()
  await ingestion?.start()
})

it(
  'recommendation starts and answers while Redis is away, and is whole when it is back',
  { timeout: 400_000 },
  async () => {
    const { client, redis, processes } = installation
    const [recommendation] = processes.recommendation
    await vi.waitFor(() => client.putItem('lamp', { title: 'Lamp' }), soon)
    await recommendation?.kill()
    await redis.server.kill()
    await recommendation?.start()
    expect(redis.server.running).toBe(false)
    const answer = await vi.waitFor(() => client.recommend({ userId: 'somebody' }), soon)
    expect(answer).toMatchObject({ degraded: true, items: [{ id: 'lamp' }] })
    await redis.server.start()
    await vi.waitFor(
      async () => expect(await client.recommend({ userId: 'somebody' })).not.toHaveProperty('degraded'),
      soon,
    )
  },
)
