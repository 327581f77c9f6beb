import { setTimeout } from 'node:timers/promises'
import { RapportApiError, RapportClient } from '@rapport/sdk'
import { startMeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'

const settleMs = 30_000
const seconds = 20

/** What the platform takes while nothing happens, the starter models made and in memory. */
export async function benchIdle(): Promise<Report> {
  await using platform = await startMeasuredPlatform({ connections: 1, env: { RAPPORT_STARTER_MODELS: 'true' } })
  await starterModels(new RapportClient({ url: platform.url, key: platform.key, retries: 0 }))
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

/** Resolves when both have answered. */
async function starterModels(client: RapportClient): Promise<void> {
  const documents = [{ id: 'probe', text: 'Where is my order? 太慢了。' }]
  for (const ask of [() => client.sentiment.analyze({ documents }), () => client.text.classify({ documents })]) {
    while (!(await ask().then(() => true, isMissing))) await setTimeout(500)
  }
}

/** False where there is no model yet; any other problem is thrown. */
function isMissing(error: unknown): boolean {
  if (error instanceof RapportApiError && error.code === 'RPT_TEXT_NO_MODEL') return false
  throw error
}
