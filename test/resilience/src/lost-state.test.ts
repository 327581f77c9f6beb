import { join } from 'node:path'
import { redisCommand } from '@rapport/infra'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'
import { readFeatures } from './shapes/read-features.ts'
import { readStateFields } from './shapes/snapshot.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

it(
  'a store that has lost everything is filled again from the archive, by two processes, equal field by field',
  { timeout: 420_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const installation = owned.use(await startInstallation({ processes: { feature: 2 } }))
    const { url, key, client, redis } = installation
    const loseState = async (): Promise<void> => {
      expect(await redisCommand(redis.port, 'FLUSHALL')).toBe('OK')
      expect(await readStateFields(installation)).toEqual(new Map())
    }
    const rebuilt = async (): Promise<void> => {
      const { id } = await client.state.rebuild()
      await vi.waitFor(async () => expect(await client.state.getRebuild(id)).toMatchObject({ state: 'done' }), {
        timeout: 120_000,
        interval: 200,
      })
    }
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const load = { url, key, ledger, sources: 2, batchEvents: 20, eventsPerSecond: 800, users: 200 }
    const producers = new Producers(load)
    await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(200), { timeout: 60_000 })
    await producers.stop()
    await installation.caughtUp()
    const live = await readStateFields(installation)
    const features = await readFeatures(client, live)
    expect(live.size).toBeGreaterThan(2_000)
    expect(features.size).toBeGreaterThan(2_000)
    await loseState()
    await rebuilt()
    expect(await readStateFields(installation)).toEqual(live)
    expect(await readFeatures(client, live)).toEqual(features)

    // Once more, while others go on sending.
    await loseState()
    const more = new Producers({ ...load, firstSource: 2, sources: 1, eventsPerSecond: 100 })
    await rebuilt()
    await more.stop()
    const balance = await takeBalance(installation, ledger)
    expect(balance).toMatchObject(nothingAmiss)
    const joined = await readStateFields(installation)
    await loseState()
    await rebuilt()
    expect(await readStateFields(installation)).toEqual(joined)
  },
)
