import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { takeBalance, type Balance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import type { ServiceProcess } from './harness/service-process.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

export interface LongRunOptions {
  /** Acknowledged events, at least. */
  readonly events: number
  /** Processes killed, at least. */
  readonly kills: number
  readonly onProgress: (line: string) => void
}

export interface LongRunReport extends Balance {
  readonly seconds: number
  /** By service. */
  readonly kills: Readonly<Record<string, number>>
  /** Calls that were not answered with 200 and were made again, by status; 0 for no answer. */
  readonly repeatedCalls: Readonly<Record<string, number>>
  /** From the last acknowledgement until everything was applied. */
  readonly catchUpSeconds: number
}

const sources = 4
const batchEvents = 100
const users = 5_000
const pauseBetweenKillsMs = 3_000

/** Kills processes of ingestion, feature and recommendation at random under load, and counts in the end. */
export async function runLong({ events, kills, onProgress }: LongRunOptions): Promise<LongRunReport> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const installation = stack.use(
    await startInstallation({ processes: { ingestion: 2, feature: 2, recommendation: 2 } }),
  )
  const ledger = stack.use(await Ledger.open(join(folder.path, 'ledger')))
  const { url, key, processes } = installation
  const startMs = performance.now()
  const producers = new Producers({ url, key, ledger, sources, batchEvents, users })
  const victims = [...processes.ingestion, ...processes.feature, ...processes.recommendation]
  const killed: Record<string, number> = { ingestion: 0, feature: 0, recommendation: 0 }
  for (let count = 0; count < kills || producers.counts.acknowledged * batchEvents < events;) {
    await setTimeout(Math.random() * 2 * pauseBetweenKillsMs)
    if (count < kills) {
      count += 1
      await killOne(victims, killed)
    }
    onProgress(`${count} kills, ${producers.counts.acknowledged * batchEvents} events`)
  }
  const { statuses } = await producers.stop()
  const stoppedMs = performance.now()
  await installation.caughtUp()
  const catchUpSeconds = (performance.now() - stoppedMs) / 1000
  const balance = await takeBalance(installation, ledger)
  return {
    ...balance,
    seconds: (stoppedMs - startMs) / 1000,
    kills: killed,
    repeatedCalls: Object.fromEntries(statuses),
    catchUpSeconds,
  }
}

async function killOne(victims: readonly ServiceProcess[], killed: Record<string, number>): Promise<void> {
  const victim = victims[Math.floor(Math.random() * victims.length)]
  if (victim === undefined) return
  await victim.kill()
  if (victim.isRunning) throw new Error(`${victim.name} has outlived SIGKILL`)
  const service = victim.name.split(' ')[0] ?? ''
  killed[service] = (killed[service] ?? 0) + 1
  await victim.start()
}
