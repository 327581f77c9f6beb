import { setTimeout } from 'node:timers/promises'
import type { BatchEvent, RapportClient, RecommendationResponse } from '@rapport/sdk'
import { RapportApiError } from '@rapport/sdk'
import type { Shop } from './history.ts'
import { Random } from './random.ts'
import type { ShopEvent } from './session.ts'
import { simulateSession } from './session.ts'
import type { Visitor } from './visitors.ts'
import { clickProbability } from './visitors.ts'

/** Recommendations that a visitor is shown in one place of a page. */
const shownCount = 8

/** What a visitor clicked of what was shown; a place further down is looked at less often (log discount). */
export function clicksOn(
  shown: readonly { readonly id: string }[],
  { visitor, shop, random }: { visitor: Visitor; shop: Shop; random: Random },
): readonly string[] {
  return shown.flatMap(({ id }, position) => {
    const product = shop.products.find((candidate) => candidate.id === id)
    const clicked = product && random.chance(clickProbability(visitor, product) / Math.log2(2 + position))
    return clicked ? [id] : []
  })
}

export interface LiveOptions {
  readonly client: RapportClient
  readonly shop: Shop
  readonly signal: AbortSignal
  /** Visits begun in a second, on average. */
  readonly visitsPerSecond: number
  readonly onProblem: (error: unknown) => void
}

/** The shop's tenant was removed, or its key revoked: there is nobody to play to any more. */
export const isShopClosed = (error: unknown): boolean => error instanceof RapportApiError && error.status === 401

/** Visits at a gentle rate until the signal, or until the shop is closed: each is played in quick motion, asks for recommendations and clicks on some. */
export async function runLiveTraffic({ client, shop, signal, visitsPerSecond, onProblem }: LiveOptions): Promise<void> {
  const random = new Random(Date.now() & 0x7fffffff)
  for (let visit = 1; !signal.aborted; visit += 1) {
    await pause(random.waitMs(visitsPerSecond), signal)
    if (signal.aborted) return
    const visitor = random.pick(shop.visitors)
    const session = simulateSession({
      visitor,
      products: shop.products,
      random,
      startMs: Date.now(),
      sessionId: `live-${Date.now().toString(36)}-${visit}`,
    })
    try {
      await playSession(session, { client, signal })
      await clickRecommendations({ client, shop, visitor, random })
    } catch (error) {
      if (isShopClosed(error)) return
      if (!signal.aborted) onProblem(error)
    }
  }
}

/** Sends a session's events as they happen now, all within a second or two. */
async function playSession(
  session: readonly ShopEvent[],
  { client, signal }: { client: RapportClient; signal: AbortSignal },
): Promise<void> {
  const batch = session.map(({ event }): BatchEvent => ({ ...event, timestamp: new Date().toISOString() }))
  await client.batch(batch, { signal })
}

async function clickRecommendations(options: {
  client: RapportClient
  shop: Shop
  visitor: Visitor
  random: Random
}): Promise<RecommendationResponse> {
  const { client, visitor } = options
  const { userId } = visitor
  const answer = await client.recommend({ userId, count: shownCount, scenario: 'home' })
  const events = clicksOn(answer.items, options).map((id): BatchEvent => ({
    type: 'track',
    userId,
    event: 'Product Clicked',
    properties: { product_id: id, recommendation_id: answer.recommendationId, scenario: 'home' },
  }))
  if (events.length > 0) await client.batch(events)
  return answer
}

/** Ends early, without an error, when the signal says so. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, { signal }).catch(() => undefined)
