import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { LagWatch } from './harness/lag.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { RandomKills, seededRandom } from './harness/random-kills.ts'
import {
  askForRecommendations,
  judgeRecommendations,
  mostInHand,
  recommendationsPerSecond,
} from './harness/recommendations.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

const kills = 20
const eventsPerSecond = 500
/** Both processes of ingestion may be away at once, and a start takes long on a machine that is busy. */
const mayStartWithinMs = 90_000
/** A killed consumer's partitions move when its session has ended, 15 s after; then they are caught up, slowly on a busy machine. */
const normalWithinMs = 120_000

it(
  'nothing acknowledged is lost and nothing counts twice when services are killed under load, twenty times',
  { timeout: 600_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const installation = owned.use(
      await startInstallation({ processes: { ingestion: 2, feature: 2, recommendation: 2 } }),
    )
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const { url, key, processes, gateway, client } = installation
    await client.putItems(
      Array.from({ length: 50 }, (_, number) => ({ id: `item-${number}`, title: `Item ${number}` })),
    )
    const load = { sources: 4, batchEvents: 20, eventsPerSecond, users: 200 }
    const producers = new Producers({ url, key, ledger, ...load })
    const lag = owned.use(new LagWatch(() => installation.connect(), eventsPerSecond))
    const random = seededRandom(1)
    const victims = [...processes.ingestion, ...processes.feature, ...processes.recommendation]
    const killing = new RandomKills({ victims, random, gateway, keepsOne: 'recommendation' })
    const recommendations = askForRecommendations({ url, key, users: load.users })
    while (killing.count < kills) {
      const before = producers.counts.acknowledged
      await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(before + 10), {
        timeout: mayStartWithinMs,
      })
      await setTimeout(random() * 1_000)
      await killing.killOne()
    }
    await killing.allBack()
    expect(killing.count).toBe(kills)
    expect(Object.keys(killing.byService).toSorted()).toEqual(['feature', 'ingestion', 'recommendation'])
    await vi.waitFor(() => expect(lag.behind).toBeLessThanOrEqual(eventsPerSecond), {
      timeout: normalWithinMs,
      interval: 200,
    })
    const answers = await recommendations.stop()
    const { acknowledged } = await producers.stop()
    const balance = await takeBalance(installation, ledger)
    expect(balance).toMatchObject(nothingAmiss)
    expect(balance.acknowledged).toBe(acknowledged * load.batchEvents)
    expect(balance.stored).toBeGreaterThanOrEqual(balance.acknowledged)
    const judged = judgeRecommendations(answers, killing.done)
    expect(judged.failed.slice(0, 5), `${judged.failed.length} of ${answers.length}`).toEqual([])
    expect(judged.inHand).toBeLessThanOrEqual((killing.byService['recommendation'] ?? 0) * mostInHand)
    expect(judged.answered).toBeGreaterThan(kills * recommendationsPerSecond)
    // Else no consumer was missed, and nothing was shown.
    expect(lag.seconds.length).toBeGreaterThan(0)
  },
)
