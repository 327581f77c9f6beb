import type { LoadRequest } from '../harness/connection.ts'
import { fillProduction, startFilledPlatform } from '../harness/filled-platform.ts'
import { fixedRate } from '../harness/fixed-rate.ts'
import type { MeasuredPlatform } from '../harness/platform.ts'
import { startProduction } from '../harness/production.ts'
import { latencies, type Report } from '../harness/report.ts'
import { userId } from '../harness/workload.ts'

const population = { items: 3_000, users: 2_000 }
const warmUpSeconds = 10
const seconds = 15
const rates = { one: 300, hundred: 50 }
const windows = ['1h', '24h', '7d', '30d', 'all']
const events = ['Product Viewed', 'Product Added', 'Order Completed', 'Product Clicked', 'Product Removed']
/** Fifty of every sort, of which a visitor of the bench has about half. */
const features = [
  ...events.flatMap((event) => windows.map((window) => `count:${window}:${event}`)),
  ...windows.flatMap((window) => [`orders:${window}`, `units:${window}`, `revenue:${window}:EUR`]),
  ...['1h', '24h', '7d'].map((halfLife) => `popularity:${halfLife}`),
  ...events.map((event) => `last:${event}`),
  'lastSeen',
  'firstSeen',
]

/** Latency in an open loop at a stated rate, of visitors with 50 events of history each. */
export async function benchFeatures(): Promise<Report> {
  await using platform = await startFilledPlatform(population)
  return await readBoth(platform)
}

/** The same from a process of the feature service alone, on Redis. */
export async function benchFeaturesOnRedis(): Promise<Report> {
  await using production = await startProduction()
  await fillProduction(production, population)
  await using service = await production.measured('feature', { connections: 1 })
  return await readBoth(service)
}

async function readBoth(platform: MeasuredPlatform): Promise<Report> {
  return {
    [`1 entity x 50 features, ${rates.one}/s`]: await read(platform, 1, rates.one),
    [`100 entities x 50 features, ${rates.hundred}/s`]: await read(platform, 100, rates.hundred),
  }
}

async function read(platform: MeasuredPlatform, entities: number, perSecond: number): Promise<Record<string, number>> {
  const requests = Array.from({ length: 500 }, (_, index): LoadRequest => {
    const ids = Array.from({ length: entities }, (_, at) => userId(((index * entities + at) * 7919) % population.users))
    const body = JSON.stringify({ entities: ids.map((id) => ({ kind: 'user', id })), features })
    return { method: 'POST', path: '/v1/features', body }
  })
  await fixedRate(platform, { perSecond, requests, seconds: warmUpSeconds })
  const before = await platform.usage()
  const result = await fixedRate(platform, { perSecond, requests, seconds })
  const after = await platform.usage()
  return {
    ...latencies(result),
    'CPU ms per request': ((after.cpuSeconds - before.cpuSeconds) * 1000) / result.requests,
  }
}
