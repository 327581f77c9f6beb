import { createCatalogue } from './catalogue.ts'
import type { Product } from './catalogue.ts'
import { Random } from './random.ts'
import type { ShopEvent } from './session.ts'
import { simulateSession } from './session.ts'
import type { Visitor } from './visitors.ts'
import { createVisitors } from './visitors.ts'

/** A shop with its public, wholly determined by the seed. */
export interface Shop {
  readonly seed: number
  readonly products: readonly Product[]
  readonly visitors: readonly Visitor[]
}

export const createShop = (seed: number, visitorCount = 300): Shop => ({
  seed,
  products: createCatalogue(seed),
  visitors: createVisitors(visitorCount, new Random(seed + 1)),
})

const dayMs = 24 * 60 * 60 * 1000

/** What happened in the days before `endMs`, in the order of time. The same seed and end give the same events. */
export function createHistory(
  shop: Shop,
  { endMs, days = 30 }: { endMs: number; days?: number },
): readonly ShopEvent[] {
  const random = new Random(shop.seed + 2)
  const events = shop.visitors.flatMap((visitor) => {
    const visits = random.integer(4, 12)
    return Array.from({ length: visits }, (_, visit) => {
      const startMs = Math.floor(endMs - random.float() * days * dayMs)
      const sessionId = `history-${shop.seed}-${visitor.userId}-${visit}`
      return simulateSession({ visitor, products: shop.products, random, startMs, sessionId })
    }).flat()
  })
  return events.filter(({ atMs }) => atMs <= endMs).sort((left, right) => left.atMs - right.atMs)
}
