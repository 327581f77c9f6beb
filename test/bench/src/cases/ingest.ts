import type { LoadRequest } from '../harness/connection.ts'
import type { LoadResult } from '../harness/load.ts'
import { allApplied } from '../harness/all-applied.ts'
import { closedLoop } from '../harness/load.ts'
import { watchOtherLoad } from '../harness/other-load.ts'
import type { Usage } from '../harness/platform.ts'
import { startMeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'
import { EventMaker } from '../harness/workload.ts'

const population = { users: 10_000, items: 3_000 }
const warmUpSeconds = 4
const seconds = 15

/**
 * Accepted and on disk: an answer of 2xx is only given after the sync. Then the same events applied end to end: from the
 * first request until the last accepted event has changed the online state.
 */
export async function benchIngest(): Promise<Report> {
  return {
    'accepted in batches of 100': await accepted({ callers: 8, batch: 100 }),
    'accepted one by one': await accepted({ callers: 64, batch: 1 }),
    'applied end to end': await applied(),
  }
}

async function accepted({ callers, batch }: { callers: number; batch: number }): Promise<Record<string, number>> {
  await using platform = await startMeasuredPlatform({ connections: callers })
  const maker = new EventMaker(population)
  const next = (): LoadRequest => (batch === 1 ? maker.single() : maker.batch(batch))
  await closedLoop(platform, { callers, seconds: warmUpSeconds, next })
  const before = await platform.usage()
  const result = await closedLoop(platform, { callers, seconds, next })
  const after = await platform.usage()
  return summary(result, { ...after, batch, cpuSeconds: after.cpuSeconds - before.cpuSeconds })
}

function summary(
  { requests, failures, seconds: took, latency, otherLoadPercent }: LoadResult,
  { batch, cpuSeconds, residentMiB, anonymousMiB }: Usage & { batch: number },
): Record<string, number> {
  return {
    'events per second': ((requests - failures) * batch) / took,
    'p50 ms': latency.p50,
    'p95 ms': latency.p95,
    'p99 ms': latency.p99,
    failures,
    // Of the whole process: accepting, and applying at the same time.
    'CPU µs per event': (cpuSeconds * 1e6) / (requests * batch),
    'resident MiB': residentMiB,
    'anonymous MiB': anonymousMiB,
    'other load %': otherLoadPercent,
  }
}

async function applied(): Promise<Record<string, number>> {
  const callers = 4
  const batch = 100
  await using platform = await startMeasuredPlatform({ connections: callers })
  const maker = new EventMaker(population)
  await closedLoop(platform, { callers, seconds: warmUpSeconds, next: () => maker.batch(batch) })
  await allApplied(platform, maker.made)
  const before = maker.made
  const startMs = performance.now()
  const otherLoad = watchOtherLoad([platform.pid])
  const peak = { residentMiB: 0, anonymousMiB: 0 }
  const watch = setInterval(() => {
    void platform.memory().then(({ residentMiB, anonymousMiB }) => {
      peak.residentMiB = Math.max(peak.residentMiB, residentMiB)
      peak.anonymousMiB = Math.max(peak.anonymousMiB, anonymousMiB)
    })
  }, 500)
  const result = await closedLoop(platform, { callers, seconds, next: () => maker.batch(batch) })
  await allApplied(platform, maker.made)
  clearInterval(watch)
  return {
    'events per second': (maker.made - before) / ((performance.now() - startMs) / 1000),
    'seconds behind at the end': (performance.now() - startMs) / 1000 - result.seconds,
    failures: result.failures,
    'peak resident MiB': peak.residentMiB,
    'peak anonymous MiB': peak.anonymousMiB,
    'other load %': otherLoad(),
  }
}
