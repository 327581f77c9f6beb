import { join } from 'node:path'
import { redisCommand } from '@rapport/infra'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, readState, takeBalance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

it(
  'a store that has lost everything is filled again from the archive, by two processes, equal field by field',
  { timeout: 240_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const installation = owned.use(await startInstallation({ processes: { feature: 2 } }))
    const { url, key, client, redis } = installation
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const load = { url, key, ledger, sources: 2, batchEvents: 20, eventsPerSecond: 800, users: 200 }
    const producers = new Producers(load)
    await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(200), { timeout: 60_000 })
    await producers.stop()
    await installation.caughtUp()
    const before = await readState(installation)
    expect(before.length).toBeGreaterThan(2_000)
    expect(await redisCommand(redis.port, 'FLUSHALL')).toBe('OK')
    expect(await readState(installation)).toEqual([])
    // While others go on sending.
    const more = new Producers({ ...load, firstSource: 2, sources: 1, eventsPerSecond: 100 })
    const { id } = await client.state.rebuild()
    await vi.waitFor(async () => expect(await client.state.getRebuild(id)).toMatchObject({ state: 'done' }), {
      timeout: 120_000,
      interval: 200,
    })
    await more.stop()
    const balance = await takeBalance(installation, ledger)
    expect(balance).toMatchObject(nothingAmiss)
    // Everything once more, now that nothing is sent: what was applied live and what the archive gives are the same.
    const live = await readState(installation)
    await redisCommand(redis.port, 'FLUSHALL')
    const again = await client.state.rebuild()
    await vi.waitFor(async () => expect(await client.state.getRebuild(again.id)).toMatchObject({ state: 'done' }), {
      timeout: 120_000,
      interval: 200,
    })
    expect(await readState(installation)).toEqual(live)
  },
)
