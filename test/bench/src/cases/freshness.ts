import { setTimeout } from 'node:timers/promises'
import { RapportClient } from '@rapport/sdk'
import { createHistogram, latencyOf, openLoop } from '../harness/load.ts'
import { startFilledPlatform } from '../harness/filled-platform.ts'
import type { MeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'
import { awaitStarterModels } from '../harness/starter-models.ts'
import { shortTexts } from '../harness/text-model.ts'
import { EventMaker, itemId, userId } from '../harness/workload.ts'

const population = { items: 3_000, users: 2_000 }
const eventsPerSecond = 2_000
const batch = 20
const seconds = 30
const probesPerSecond = 10
const probeCount = (seconds - 2) * probesPerSecond

/** Milliseconds until what a visitor does shows, by where it shows. */
type Probe = (visitor: string, number: number) => Promise<Readonly<Record<string, number>>>

/**
 * From the moment an event is sent until it shows, beside a stream of events. Each probe of recommendations buys the best
 * item that its visitor was shown, and asks again until that item is gone; each probe of texts writes a review, and asks for
 * the profile and for a feature of its visitor until they know its sentiment.
 */
export async function benchFreshness(): Promise<Report> {
  await using platform = await startFilledPlatform(population, { RAPPORT_STARTER_MODELS: 'true' })
  const client = new RapportClient({ url: platform.url, key: platform.key })
  await awaitStarterModels(client)
  const texts = shortTexts('sentiment', probeCount)
  return {
    ...(await measure(platform, async (visitor) => ({
      'event to changed recommendation': await probeRecommendation(client, visitor),
    }))),
    // A number of its own makes every text new to the cache of scores.
    ...(await measure(platform, (visitor, number) => probeReview(client, visitor, `${texts[number]} (${number})`))),
  }
}

async function measure(platform: MeasuredPlatform, probe: Probe): Promise<Report> {
  const events = new EventMaker({ ...population, users: population.users / 2 })
  const perSecond = eventsPerSecond / batch
  const stream = openLoop(platform, { perSecond, seconds, next: () => events.batch(batch) })
  const probes: ReturnType<Probe>[] = []
  for (let number = 0; number < probeCount; number += 1) {
    // The upper half of the visitors belongs to the probes, so that nobody else changes their answers.
    probes.push(probe(userId(population.users / 2 + number), number))
    await setTimeout(1000 / probesPerSecond)
  }
  const results = await Promise.all(probes)
  const ingested = await stream
  const load = {
    probes: probeCount,
    'events per second': ((ingested.requests - ingested.failures) * batch) / ingested.seconds,
    'other load %': ingested.otherLoadPercent,
  }
  const byPlace = Map.groupBy(results.flatMap(Object.entries<number>), ([place]) => place)
  return Object.fromEntries(
    [...byPlace].map(([place, taken]) => [place, { ...percentiles(taken.map(([, ms]) => ms)), ...load }]),
  )
}

function percentiles(milliseconds: readonly number[]): Readonly<Record<string, number>> {
  const histogram = createHistogram()
  for (const ms of milliseconds) histogram.recordValue(Math.round(ms * 1000))
  const { p50, p95, p99 } = latencyOf(histogram)
  return { 'p50 ms': p50, 'p95 ms': p95, 'p99 ms': p99 }
}

async function probeRecommendation(client: RapportClient, visitor: string): Promise<number> {
  const { items } = await client.recommend({ userId: visitor, count: 1 })
  const best = items[0]?.id
  if (best === undefined) throw new Error(`${visitor} was shown nothing`)
  const startMs = performance.now()
  await client.track({ userId: visitor, event: 'Order Completed', properties: { products: [{ product_id: best }] } })
  return msUntil(startMs, async () => (await client.recommend({ userId: visitor, count: 1 })).items[0]?.id !== best)
}

async function probeReview(client: RapportClient, visitor: string, review: string): Promise<Record<string, number>> {
  const startMs = performance.now()
  const properties = { product_id: itemId(0), rating: 4, review }
  await client.track({ userId: visitor, event: 'Product Reviewed', properties })
  const feature = 'lastSentiment'
  const [profile, features] = await Promise.all([
    msUntil(startMs, async () => (await client.users.get(visitor))?.texts.some((text) => text.sentiment !== undefined)),
    msUntil(startMs, async () => {
      const { entities } = await client.features({ entities: [{ kind: 'user', id: visitor }], features: [feature] })
      return entities[0]?.features[feature]?.status === 'present'
    }),
  ])
  return { 'review to sentiment in the profile': profile, 'review to sentiment in the features': features }
}

async function msUntil(startMs: number, shows: () => Promise<boolean | undefined>): Promise<number> {
  while ((await shows()) !== true) await setTimeout(2)
  return performance.now() - startMs
}
