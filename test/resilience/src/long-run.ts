import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { takeBalance, type Balance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { LagWatch } from './harness/lag.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { RandomKills, seededRandom } from './harness/random-kills.ts'
import { askForRecommendations, judgeRecommendations, type Judgement } from './harness/recommendations.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

export interface LongRunOptions {
  /** Acknowledged events, at least. */
  readonly events: number
  /** Processes killed, at least; at random moments of the time that the events take. */
  readonly kills: number
  readonly eventsPerSecond: number
  readonly seed: number
  readonly onProgress: (line: string) => void
}

export interface LongRunReport extends Balance {
  readonly seconds: number
  /** By service. */
  readonly kills: Readonly<Record<string, number>>
  /** Calls with events that were not answered with 200 and were made again, by status; 0 for no answer. */
  readonly repeatedCalls: Readonly<Record<string, number>>
  /** Requests for recommendations by the status of their answer; 0 for none. They are not made again. */
  readonly recommendations: Readonly<Record<string, number>>
  readonly judged: Omit<Judgement, 'failed'> & { readonly failed: number }
  /** Each time that more than a second's events were waiting to be applied, in seconds. */
  readonly behindSeconds: readonly number[]
  /** From the last acknowledgement until everything was applied. */
  readonly catchUpSeconds: number
}

const load = { sources: 4, batchEvents: 100, users: 5_000 }
const progressEveryMs = 15_000

/** Kills processes of ingestion, feature, recommendation and the gateway at random under load, and counts in the end. */
export async function runLong(options: LongRunOptions): Promise<LongRunReport> {
  const { events, kills, eventsPerSecond, seed } = options
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const installation = stack.use(
    await startInstallation({ processes: { ingestion: 2, feature: 2, recommendation: 2 } }),
  )
  const ledger = stack.use(await Ledger.open(join(folder.path, 'ledger')))
  const { url, key, processes, gateway, client } = installation
  await client.putItems(Array.from({ length: 50 }, (_, number) => ({ id: `item-${number}`, title: `Item ${number}` })))
  const random = seededRandom(seed)
  const victims = [...processes.ingestion, ...processes.feature, ...processes.recommendation, gateway]
  const killing = new RandomKills({ victims, random, gateway, keepsOne: 'recommendation' })
  const lag = stack.use(new LagWatch(() => installation.connect(), eventsPerSecond))
  const startMs = performance.now()
  const producers = new Producers({ url, key, ledger, eventsPerSecond, ...load })
  const recommendations = askForRecommendations({ url, key, users: load.users })
  const sent = (): number => producers.counts.acknowledged * load.batchEvents
  const reporting = setInterval(() => options.onProgress(`${killing.count} kills, ${sent()} events`), progressEveryMs)
  stack.defer(() => clearInterval(reporting))
  const spreadMs = (1000 * events) / eventsPerSecond
  for (const atMs of Array.from({ length: kills }, () => random() * spreadMs).toSorted((a, b) => a - b)) {
    await setTimeout(Math.max(0, startMs + atMs - performance.now()))
    await killing.killOne()
  }
  await killing.allBack()
  while (sent() < events) await setTimeout(100)
  const { statuses } = await producers.stop()
  const stoppedMs = performance.now()
  const answers = await recommendations.stop()
  await installation.caughtUp()
  const catchUpSeconds = (performance.now() - stoppedMs) / 1000
  await lag[Symbol.asyncDispose]()
  options.onProgress('counting')
  const judged = judgeRecommendations(answers, killing.done)
  for (const failed of judged.failed.slice(0, 5)) options.onProgress(`a failed request: ${JSON.stringify(failed)}`)
  return {
    ...(await takeBalance(installation, ledger)),
    seconds: (stoppedMs - startMs) / 1000,
    kills: killing.byService,
    repeatedCalls: Object.fromEntries(statuses),
    recommendations: countBy(answers.map(({ status }) => status)),
    judged: { ...judged, failed: judged.failed.length },
    behindSeconds: lag.seconds,
    catchUpSeconds,
  }
}

function countBy(statuses: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    Map.groupBy(statuses, (status) => status)
      .entries()
      .map(([status, all]) => [status, all.length]),
  )
}
