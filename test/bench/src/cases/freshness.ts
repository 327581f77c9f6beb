import { setTimeout } from 'node:timers/promises'
import { RapportClient } from '@rapport/sdk'
import { build } from 'hdr-histogram-js'
import { openLoop } from '../harness/load.ts'
import type { Report } from '../harness/report.ts'
import { startFilledPlatform } from '../harness/filled-platform.ts'
import { EventMaker, userId } from '../harness/workload.ts'

const population = { items: 3_000, users: 2_000 }
const eventsPerSecond = 2_000
const batch = 20
const seconds = 30
const probesPerSecond = 10

/**
 * From the moment an event is sent until the visitor's recommendations reflect it: each probe buys the best item that its
 * visitor was shown, and asks again until that item is gone.
 */
export async function benchFreshness(): Promise<Report> {
  await using platform = await startFilledPlatform(population)
  const client = new RapportClient({ url: platform.url, key: platform.key })
  const events = new EventMaker({ ...population, users: population.users / 2 })
  const perSecond = eventsPerSecond / batch
  const stream = openLoop(platform, { perSecond, seconds, next: () => events.batch(batch) })
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  })
  const probes: Promise<void>[] = []
  for (let number = 0; number < (seconds - 2) * probesPerSecond; number += 1) {
    // The upper half of the visitors belongs to the probes, so that nobody else changes their answers.
    const visitor = userId(population.users / 2 + (number % (population.users / 2)))
    probes.push(probe(client, visitor).then((ms) => histogram.recordValue(Math.round(ms * 1000))))
    await setTimeout(1000 / probesPerSecond)
  }
  await Promise.all(probes)
  const ingested = await stream
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000
  return {
    'event to changed recommendation': {
      'p50 ms': at(50),
      'p95 ms': at(95),
      'p99 ms': at(99),
      probes: probes.length,
      'events per second': ((ingested.requests - ingested.failures) * batch) / ingested.seconds,
      'other load %': ingested.otherLoadPercent,
    },
  }
}

async function probe(client: RapportClient, visitor: string): Promise<number> {
  const { items } = await client.recommend({ userId: visitor, count: 1 })
  const best = items[0]?.id
  if (best === undefined) throw new Error(`${visitor} was shown nothing`)
  const startMs = performance.now()
  await client.track({ userId: visitor, event: 'Order Completed', properties: { products: [{ product_id: best }] } })
  for (;;) {
    const answer = await client.recommend({ userId: visitor, count: 1 })
    if (answer.items[0]?.id !== best) return performance.now() - startMs
    await setTimeout(2)
  }
}
