import type { LoadRequest } from '../harness/connection.ts'
import { fixedRate, type FixedRate } from '../harness/fixed-rate.ts'
import { closedLoop, openLoop } from '../harness/load.ts'
import { cpuSecondsOf } from '../harness/other-load.ts'
import type { MeasuredPlatform } from '../harness/platform.ts'
import { latencies, type Report } from '../harness/report.ts'
import { startBareServer } from '../harness/bare-server.ts'
import { fillProduction, startFilledPlatform } from '../harness/filled-platform.ts'
import { startProduction } from '../harness/production.ts'
import { EventMaker, userId } from '../harness/workload.ts'

const warmUpSeconds = 20
const seconds = 20
const batch = 20

/**
 * Latency in an open loop at a stated rate. A known visitor has 50 events of history, which are read and folded into a
 * model of 64 factors at the request; what was seen is hidden.
 */
export async function benchRecommend(): Promise<Report> {
  return { ...(await smallCatalogue()), ...(await bareServer()), ...(await largeCatalogue()) }
}

/** A process of the service alone, on Redis; its cached answers in a closed loop. */
export async function benchRecommendOnRedis(): Promise<Report> {
  const population = { items: 3_000, users: 2_000 }
  await using production = await startProduction()
  await fillProduction(production, population)
  await using service = await production.measured('recommendation', { connections: 64 })
  const cached = cachedRequests(500)
  let sent = 0
  const next = (): LoadRequest => cached[sent++ % cached.length] ?? cached[0]!
  const load = { callers: 32, next }
  const fresh = await measure(service, { perSecond: 300, requests: freshRequests(population.users) })
  await closedLoop(service, { ...load, seconds: warmUpSeconds / 2 })
  const before = await service.usage()
  const result = await closedLoop(service, { ...load, seconds: seconds / 2 })
  const after = await service.usage()
  return {
    '3,000 items, fresh state, not cached, 300/s': fresh,
    '3,000 items, cached, 32 callers': {
      ...latencies(result),
      'CPU ms per request': ((after.cpuSeconds - before.cpuSeconds) * 1000) / result.requests,
    },
  }
}

async function smallCatalogue(): Promise<Report> {
  const population = { items: 3_000, users: 2_000 }
  await using platform = await startFilledPlatform(population)
  const fresh = freshRequests(population.users)
  const cached = cachedRequests(500)
  return {
    '3,000 items, fresh state, not cached, 500/s': await measure(platform, { perSecond: 500, requests: fresh }),
    // Before the next case: its events are archived for half a minute after it.
    '3,000 items, cached, 3,000/s': await measure(platform, { perSecond: 3_000, requests: cached }),
    '3,000 items, fresh state, 200/s beside 2,000 events/s': await beside(platform, {
      perSecond: 200,
      requests: fresh,
      events: new EventMaker(population),
    }),
  }
}

/** What of the cached answer is the server's: Fastify alone, under the same load in the same run. */
async function bareServer(): Promise<Report> {
  await using server = await startBareServer()
  const load = { perSecond: 3_000, requests: cachedRequests(500) }
  await fixedRate(server, { ...load, seconds: warmUpSeconds })
  const before = cpuSecondsOf(server.pid)
  const result = await fixedRate(server, { ...load, seconds })
  const cpuMs = (cpuSecondsOf(server.pid) - before) * 1000
  return {
    'bare Fastify, an answer as long, 3,000/s': { ...latencies(result), 'CPU ms per request': cpuMs / result.requests },
  }
}

async function largeCatalogue(): Promise<Report> {
  const population = { items: 100_000, users: 1_000 }
  await using platform = await startFilledPlatform(population)
  const requests = freshRequests(population.users)
  return { '100,000 items, fresh state, not cached, 50/s': await measure(platform, { perSecond: 50, requests }) }
}

const freshRequests = (users: number): LoadRequest[] =>
  Array.from({ length: users }, (_, index) => {
    const body = JSON.stringify({ userId: userId((index * 7919) % users), count: 10 })
    return { method: 'POST', path: '/v1/recommendations', body }
  })

const cachedRequests = (users: number): LoadRequest[] =>
  Array.from({ length: users }, (_, index) => ({
    method: 'GET',
    path: `/v1/recommendations/users/${userId(index)}?count=10`,
  }))

type Load = Omit<FixedRate, 'seconds'>

async function measure(platform: MeasuredPlatform, load: Load): Promise<Record<string, number>> {
  await fixedRate(platform, { ...load, seconds: warmUpSeconds })
  const before = await platform.usage()
  const degradedBefore = await degraded(platform)
  const result = await fixedRate(platform, { ...load, seconds })
  const after = await platform.usage()
  return {
    ...latencies(result),
    'CPU ms per request': ((after.cpuSeconds - before.cpuSeconds) * 1000) / result.requests,
    degraded: (await degraded(platform)) - degradedBefore,
    'resident MiB': after.residentMiB,
    'anonymous MiB': after.anonymousMiB,
  }
}

/** The same while events are accepted and applied. */
async function beside(
  platform: MeasuredPlatform,
  { events, ...load }: Load & { events: EventMaker },
): Promise<Record<string, number>> {
  const perSecond = 2_000 / batch
  const stream = openLoop(platform, {
    perSecond,
    seconds: warmUpSeconds + seconds,
    next: () => events.batch(batch),
  })
  await fixedRate(platform, { ...load, seconds: warmUpSeconds })
  const degradedBefore = await degraded(platform)
  const result = await fixedRate(platform, { ...load, seconds })
  const ingested = await stream
  return {
    ...latencies(result),
    degraded: (await degraded(platform)) - degradedBefore,
    'events failed': ingested.failures * batch,
    'events per second': ((ingested.requests - ingested.failures) * batch) / ingested.seconds,
    'events p99 ms': ingested.latency.p99,
  }
}

const degraded = (platform: MeasuredPlatform): Promise<number> =>
  platform.metric('rapport_recommendation_degraded_total')
