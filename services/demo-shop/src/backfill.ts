import type { RapportClient } from '@rapport/sdk'
import { RapportApiError } from '@rapport/sdk'
import type { Shop } from './history.ts'
import { createHistory } from './history.ts'

/** An id that no visitor has: its traits say that the history is in. */
const markerId = 'demo-shop-history'
const batchSize = 500

/** Whether this tenant's history was sent to its end before. */
async function isDone(client: RapportClient): Promise<boolean> {
  try {
    await client.http.json({ method: 'GET', path: `/v1/users/${markerId}` })
    return true
  } catch (error) {
    if (error instanceof RapportApiError && error.status === 404) return false
    throw error
  }
}

/**
 * Sends the catalogue and the history of the last weeks, unless that was done before. Started again after an
 * interruption it sends the same events, which count once. The number of events sent.
 */
export async function backfill(client: RapportClient, shop: Shop, endMs: number): Promise<number> {
  if (await isDone(client)) return 0
  const items = shop.products.map(({ item }) => item)
  await client.putItems(items)
  const events = createHistory(shop, { endMs }).map(({ event }) => event)
  for (let start = 0; start < events.length; start += batchSize) {
    await client.importEvents(events.slice(start, start + batchSize))
  }
  await client.identify({ userId: markerId, messageId: markerId, traits: { events: events.length } })
  return events.length
}
