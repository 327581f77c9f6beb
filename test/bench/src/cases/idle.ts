import { setTimeout } from 'node:timers/promises'
import { RapportClient } from '@rapport/sdk'
import { startMeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'
import { awaitStarterModels } from '../harness/starter-models.ts'

const settleMs = 30_000
const seconds = 20

/** What the platform takes while nothing happens, the starter models made and in memory. */
export async function benchIdle(): Promise<Report> {
  await using platform = await startMeasuredPlatform({ connections: 1, env: { RAPPORT_STARTER_MODELS: 'true' } })
  await awaitStarterModels(new RapportClient({ url: platform.url, key: platform.key, retries: 0 }))
  await setTimeout(settleMs)
  const before = await platform.usage()
  await setTimeout(seconds * 1000)
  const after = await platform.usage()
  return {
    idle: {
      'resident MiB': after.residentMiB,
      'anonymous MiB': after.anonymousMiB,
      'CPU % of one core': ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100,
    },
  }
}
