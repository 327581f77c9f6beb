import { setTimeout } from 'node:timers/promises'
import { startMeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'

const settleMs = 5_000
const seconds = 20

/** What the platform takes while nothing happens. */
export async function benchIdle(): Promise<Report> {
  await using platform = await startMeasuredPlatform({ connections: 1 })
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
