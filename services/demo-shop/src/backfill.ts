import type { BatchEvent, RapportClient } from '@rapport/sdk'
import { RapportApiError } from '@rapport/sdk'
import type { Shop } from './history.ts'
import { createHistory } from './history.ts'

/** What visitors did, and what they wrote: texts are worth sending once somebody reads them. */
export type HistoryPart = 'behaviour' | 'texts'

/** Ids that no visitor has: their traits say that the part of the history is in. */
const markerIds: Readonly<Record<HistoryPart, string>> = {
  behaviour: 'demo-shop-history',
  texts: 'demo-shop-texts',
}
const textEvents: ReadonlySet<string> = new Set(['Product Reviewed', 'Support Ticket Created'])
const isText = (event: BatchEvent): boolean => event.type === 'track' && textEvents.has(event.event)
const batchSize = 500

/** Whether this part of the tenant's history was sent to its end before. */
async function isDone(client: RapportClient, markerId: string): Promise<boolean> {
  try {
    await client.http.json({ method: 'GET', path: `/v1/users/${markerId}` })
    return true
  } catch (error) {
    if (error instanceof RapportApiError && error.status === 404) return false
    throw error
  }
}

/**
 * Sends a part of the history of the last weeks, unless that was done before; with what visitors did, the catalogue. Started
 * again after an interruption it sends the same events, which count once. The number of events sent.
 */
export async function backfill(client: RapportClient, shop: Shop, endMs: number, part: HistoryPart): Promise<number> {
  const markerId = markerIds[part]
  if (await isDone(client, markerId)) return 0
  if (part === 'behaviour') await client.putItems(shop.products.map(({ item }) => item))
  const history = createHistory(shop, { endMs }).map(({ event }) => event)
  const events = history.filter((event) => isText(event) === (part === 'texts'))
  for (let start = 0; start < events.length; start += batchSize) {
    await client.importEvents(events.slice(start, start + batchSize))
  }
  await client.identify({ userId: markerId, messageId: markerId, traits: { events: events.length } })
  return events.length
}
