import { setTimeout } from 'node:timers/promises'
import type { RapportClient } from '@rapport/sdk'
import { backfill } from './backfill.ts'
import type { Shop } from './history.ts'
import { isShopClosed } from './live-traffic.ts'

export interface TextsOptions {
  readonly client: RapportClient
  readonly shop: Shop
  readonly endMs: number
  readonly signal: AbortSignal
  /** Between two looks, and how many of them; then the texts are sent to whoever reads them. */
  readonly pollMs?: number
  readonly looks?: number
}

/**
 * Sends what visitors wrote in the last weeks as soon as there are models that understand it: a new installation makes its
 * first ones while the shop opens, and a text that comes before them is passed over. The number of events sent.
 */
export async function sendTexts(options: TextsOptions): Promise<number> {
  const { client, shop, endMs, signal, pollMs = 2_000, looks = 150 } = options
  for (let look = 0; look < looks && !(await isUnderstood(client)); look += 1) {
    await setTimeout(pollMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return 0
  }
  return backfill(client, shop, endMs, 'texts')
}

async function isUnderstood(client: RapportClient): Promise<boolean> {
  try {
    const models = await Promise.all([client.sentiment.models(), client.text.models()])
    return models.every(({ length }) => length > 0)
  } catch (error) {
    if (isShopClosed(error)) throw error
    return false
  }
}
