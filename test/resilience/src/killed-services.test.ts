import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

it(
  'nothing acknowledged is lost and nothing counts twice when services are killed under load',
  { timeout: 240_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const installation = owned.use(
      await startInstallation({ processes: { ingestion: 2, feature: 2, recommendation: 1 } }),
    )
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const { url, key, processes } = installation
    const producers = new Producers({
      url,
      key,
      ledger,
      sources: 4,
      batchEvents: 20,
      eventsPerSecond: 1_000,
      users: 200,
    })
    const { ingestion, feature, recommendation } = processes
    for (const victim of [ingestion[0], feature[0], ingestion[1], feature[1], recommendation[0]]) {
      if (victim === undefined) throw new Error('there is nobody to kill')
      const { pid } = victim
      const before = producers.counts.acknowledged
      await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(before + 20), { timeout: 30_000 })
      await victim.kill()
      expect(victim.isRunning, `${victim.name} (${pid}) was killed`).toBe(false)
      await victim.start()
    }
    const { acknowledged } = await producers.stop()
    const balance = await takeBalance(installation, ledger)
    expect(balance).toMatchObject(nothingAmiss)
    expect(balance.acknowledged).toBe(acknowledged * 20)
    expect(balance.stored).toBeGreaterThanOrEqual(balance.acknowledged)
  },
)
