// The shop as a process: its back-fill, then live traffic until it is told to stop.
import { RapportClient } from '@rapport/sdk'
import { backfill } from './backfill.ts'
import { createShop } from './history.ts'
import { isShopClosed, runLiveTraffic } from './live-traffic.ts'
import { sendTexts } from './send-texts.ts'

const { RAPPORT_URL: url, RAPPORT_KEY: key, RAPPORT_SHOP_SEED: seed = '1' } = process.env
if (url === undefined || key === undefined) {
  console.error('The shop needs RAPPORT_URL and RAPPORT_KEY.')
  process.exit(2)
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
// The parent holds the other end: when it is gone, so is the shop.
process.once('disconnect', () => stopping.abort())

const client = new RapportClient({ url, key, retries: 10 })
const shop = createShop(Number(seed))
const endMs = Date.now()
const sent = await backfill(client, shop, endMs, 'behaviour').catch((error: unknown) => {
  if (!isShopClosed(error)) throw error
  stopping.abort()
  return 0
})
if (sent > 0) console.log(`The shop has sent ${shop.products.length} products and ${sent} events of the last 30 days.`)
const { signal } = stopping
const onProblem = (error: unknown): void =>
  console.error(`The shop could not play a visit: ${error instanceof Error ? error.message : String(error)}`)
await Promise.all([
  runLiveTraffic({ client, shop, signal, visitsPerSecond: 0.2, onProblem }),
  sendTexts({ client, shop, endMs, signal }).catch((error: unknown) => {
    if (!signal.aborted && !isShopClosed(error)) onProblem(error)
  }),
])
// An open channel to the parent would keep the process.
if (process.connected) process.disconnect()
