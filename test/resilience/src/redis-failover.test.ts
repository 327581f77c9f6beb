import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { operatorTenant } from '@rapport/contracts'
import { redisCommand, startRedisReplica, type Redis } from '@rapport/infra'
import { connectDrivers, createLogger, readConfig, StoresSchema } from '@rapport/service-kit'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, readState, takeBalance } from './harness/check.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { startRelay, type Relay } from './harness/relay.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

/** Long enough to be more than what is in flight. */
const cutOffMs = 5000

async function effectsAt({ stores }: Installation, port: number): Promise<number> {
  const config = readConfig(StoresSchema, { ...stores, RAPPORT_REDIS_URL: `redis://127.0.0.1:${port}` })
  await using drivers = await connectDrivers(config, createLogger('check', { level: 'silent' }))
  let effects = 0
  for await (const { entity, state } of drivers.onlineStore.scan(operatorTenant)) {
    const count = state.parts.get('count/Product Viewed')
    if (entity.kind === 'user' && count?.op === 'count') effects += count.total
  }
  return effects
}

async function rebuilt({ client }: Installation): Promise<void> {
  const { id } = await client.state.rebuild()
  await vi.waitFor(async () => expect(await client.state.getRebuild(id)).toMatchObject({ state: 'done' }), {
    timeout: 120_000,
    interval: 200,
  })
}

it(
  'what a failover to a replica that was cut off took back is applied again: the state is that of an undisturbed run',
  { timeout: 240_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const { promise: relay, resolve } = Promise.withResolvers<Relay>()
    const redisUrl = async ({ port }: Redis): Promise<string> => {
      resolve(owned.use(await startRelay(port)))
      return `redis://127.0.0.1:${(await relay).port}`
    }
    const installation = owned.use(await startInstallation({ processes: { feature: 2 }, redisUrl }))
    const { url, key, redis } = installation
    const replica = owned.use(await startRedisReplica(redis))
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const producers = new Producers({ url, key, ledger, sources: 2, batchEvents: 10, eventsPerSecond: 300, users: 100 })
    await vi.waitFor(async () => expect(await effectsAt(installation, replica.port)).toBeGreaterThan(300), {
      timeout: 60_000,
    })
    // It is a replica still, and hears nothing any more.
    await redisCommand(replica.port, 'REPLICAOF', '127.0.0.1', '1')
    await setTimeout(cutOffMs)
    const [applied, kept] = [await effectsAt(installation, redis.port), await effectsAt(installation, replica.port)]
    expect(applied - kept, 'the failover takes effects back').toBeGreaterThan(500)
    await redis.server.kill()
    await redisCommand(replica.port, 'REPLICAOF', 'NO', 'ONE')
    ;(await relay).leadTo(replica.port)
    const { acknowledged } = producers.counts
    await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(acknowledged + 50), {
      timeout: 30_000,
    })
    await producers.stop()
    // What was consumed already counts as applied by the offsets of the group, also when nothing new comes.
    await vi.waitFor(async () => expect(await effectsAt(installation, replica.port)).toBeGreaterThan(applied), {
      timeout: 30_000,
    })
    expect(await takeBalance(installation, ledger)).toMatchObject(nothingAmiss)
    const afterwards = await readState(installation)
    expect(await redisCommand(replica.port, 'FLUSHALL')).toBe('OK')
    await rebuilt(installation)
    expect(await readState(installation)).toEqual(afterwards)
  },
)
