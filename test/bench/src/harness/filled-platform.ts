import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { RapportClient } from '@rapport/sdk'
import { publishModel } from './model.ts'
import type { MeasuredPlatform } from './platform.ts'
import { startMeasuredPlatform } from './platform.ts'
import type { Production } from './production.ts'
import type { Population } from './workload.ts'
import { itemId, userId } from './workload.ts'

const historyEvents = 50
const factors = 64

/** A platform with a catalogue, visitors with a history, and a model that serves. */
export async function startFilledPlatform(
  population: Population,
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredPlatform> {
  const platform = await startMeasuredPlatform({
    env,
    connections: 128,
    prepare: async (dataDir) => {
      await using objects = await openFilesystemObjectStore({ directory: join(dataDir, 'objects') })
      await publishModel(objects, { items: population.items, factors })
    },
  })
  const events = await fill(new RapportClient({ url: platform.url, key: platform.key }), population)
  while ((await platform.metric('rapport_events_applied_total')) < events) await setTimeout(100)
  return platform
}

/** The same on Kafka, Redis and S3. */
export async function fillProduction(
  { installation }: Pick<Production, 'installation'>,
  population: Population,
): Promise<void> {
  {
    await using drivers = await installation.connect()
    await publishModel(drivers.objectStore, { items: population.items, factors })
  }
  await fill(installation.client, population)
  await installation.caughtUp()
}

/** Resolves with the number of events when all are accepted. */
async function fill(client: RapportClient, population: Population): Promise<number> {
  const rows = Array.from({ length: population.items }, (_, index) => ({
    id: itemId(index),
    title: `Item ${index} of shelf ${index % 97}`,
    categories: [`shelf-${index % 20}`],
    price: (index % 100) + 0.5,
  }))
  for (let start = 0; start < rows.length; start += 1000) await client.putItems(rows.slice(start, start + 1000))
  const events = Array.from({ length: population.users * historyEvents }, (_, index) => {
    const user = index % population.users
    const step = Math.floor(index / population.users)
    const event = step % 5 === 4 ? 'Product Added' : 'Product Viewed'
    const product = itemId((user * 131 + step * step * 17) % population.items)
    const timestamp = new Date(Date.now() - (historyEvents - step) * 60_000).toISOString()
    return { type: 'track' as const, userId: userId(user), event, timestamp, properties: { product_id: product } }
  })
  for (let start = 0; start < events.length; start += 500) await client.importEvents(events.slice(start, start + 500))
  return events.length
}
