import { backfill, clicksOn, createShop, Random, type Shop } from '@rapport/demo-shop'
import type { CreatedTenant } from '@rapport/contracts'
import { RapportClient, type RecommendedItem } from '@rapport/sdk'
import { expect, test, vi } from 'vitest'
import type { PlatformProcess } from '../support/platform-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const seeds = [11, 12, 13, 14, 15]
const shown = 8

/** A tenant of its own with the history of one seeded shop. */
async function openShop(platform: PlatformProcess, shop: Shop): Promise<RapportClient> {
  const body = { tenant: `shop-${shop.seed}` }
  const { key } = await platform.client.http.json<CreatedTenant>({ method: 'POST', path: '/v1/tenants', body })
  const client = new RapportClient({ url: platform.url, key: key.key })
  const endMs = Date.now()
  for (const part of ['behaviour', 'texts'] as const) await backfill(client, shop, endMs, part)
  return client
}

/** Waits for the model that the platform trains by itself from the first few thousand events. */
const waitForModel = (client: RapportClient): Promise<void> =>
  vi.waitFor(
    async () => {
      const { model } = await client.recommend({ userId: 'visitor-1', count: 1 })
      expect(model).not.toBeNull()
    },
    { timeout: 240_000, interval: 500 },
  )

/** Clicks of all visitors on what they are shown; both arms roll the same dice. */
async function clicksOfAll(
  shop: Shop,
  show: (userId: string) => Promise<{ items: readonly RecommendedItem[] }>,
): Promise<number> {
  let clicks = 0
  for (const [index, visitor] of shop.visitors.entries()) {
    const { items } = await show(visitor.userId)
    expect(items).toHaveLength(shown)
    clicks += clicksOn(items, { visitor, shop, random: new Random(shop.seed * 1000 + index) }).length
  }
  return clicks
}

test(
  'recommendations are clicked at least 30 % more than what is popular, over five shops',
  { timeout: 600_000 },
  async ({ annotate }) => {
    await using folder = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: folder.path })
    const shops = await Promise.all(
      seeds.map(async (seed) => {
        const shop = createShop(seed)
        return { shop, client: await openShop(platform, shop) }
      }),
    )
    const totals = { recommended: 0, popular: 0 }
    for (const { shop, client } of shops) {
      await waitForModel(client)
      const recommended = await clicksOfAll(shop, (userId) => client.recommend({ userId, count: shown }))
      const popular = await clicksOfAll(shop, () => client.popular({ count: shown }))
      expect(
        recommended,
        `seed ${shop.seed}: ${recommended} clicks on recommendations, ${popular} on popular items`,
      ).toBeGreaterThan(popular)
      totals.recommended += recommended
      totals.popular += popular
    }
    await annotate(`${totals.recommended} clicks on recommendations, ${totals.popular} on popular items`)
    expect(totals.recommended / totals.popular, JSON.stringify(totals)).toBeGreaterThanOrEqual(1.3)
  },
)
