import type { RecommendationRequest, RecommendationResponse, RecommendationStrategy } from '@rapport/contracts'
import { entities } from '@rapport/features'
import type { CacheKey } from '@rapport/online-store'
import { createHash } from 'node:crypto'
import { decodeCacheEntry, encodeCacheEntry, type CacheHeader } from '../domain/cache-entry.ts'
import type { ModelView } from '../domain/model-view.ts'
import type { TenantIndex } from '../domain/tenant-index.ts'
import { countAnswer } from '../metrics.ts'
import type { RecommendationContext } from './context.ts'
import { expose, exposureFieldsOf } from './expose.ts'
import { hydrate, type Hydration } from './hydrate.ts'
import { defaultCount, rankForVisitor } from './recommend-for-visitor.ts'

export interface UserQuery {
  readonly tenant: string
  readonly userId: string
  readonly count?: number | undefined
  readonly category?: string | undefined
  readonly scenario?: string | undefined
}

/** An answer as it goes out. */
export interface RenderedAnswer {
  readonly recommendationId: string
  /** JSON. */
  readonly body: string
  readonly degraded: boolean
}

/**
 * A user's answer, from the cache when nothing has happened since: the entry's model version, visitor stamp and items'
 * catalogue versions are compared with what stands now.
 */
export async function recommendForUser(context: RecommendationContext, query: UserQuery): Promise<RenderedAnswer> {
  const key = cacheKeyOf(query)
  const { tenant, userId } = query
  const [found, lease] = await Promise.all([readCached(context, key, query), context.models.acquire(tenant)])
  using held = lease
  const shop = context.shops.of(tenant)
  if (found?.entry !== undefined && isFresh(found.entry.header, { ...found, shop, view: held?.view })) {
    const { header, exposureFields, body } = found.entry
    const { recommendationId } = header
    context.metrics.cache.inc({ outcome: 'hit' })
    countAnswer(context.metrics, header.strategy as RecommendationStrategy, false)
    expose(context, audienceOf(query), { recommendationId, exposureFields, cached: true })
    void context.trends.touch(tenant)
    return { recommendationId, body, degraded: false }
  }
  if (found !== undefined) context.metrics.cache.inc({ outcome: found.entry === undefined ? 'miss' : 'stale' })
  const hydration = found === undefined ? unreadable(shop, held) : await hydrate(context, tenant, { tenant, userId })
  using _fresh = found === undefined ? undefined : hydration.lease
  return answerNow(context, query, hydration)
}

/** The store has just failed within its deadline: it is not asked again for this answer. */
const unreadable = (shop: TenantIndex, lease: Hydration['lease']): Hydration => ({ shop, lease, state: 'unreadable' })

function answerNow(context: RecommendationContext, query: UserQuery, hydration: Hydration): RenderedAnswer {
  const { userId, count, category } = query
  const request: RecommendationRequest = {
    userId,
    count: count ?? defaultCount,
    ...(category === undefined ? {} : { filter: { category } }),
  }
  const response = rankForVisitor(context, hydration, request)
  const { recommendationId } = response
  const exposureFields = exposureFieldsOf(response)
  expose(context, audienceOf(query), { recommendationId, exposureFields, cached: false })
  const body = JSON.stringify(response)
  if (typeof hydration.state !== 'string') {
    const header = toHeader(response, hydration.shop, hydration.state.stamp)
    writeCached(context, cacheKeyOf(query), encodeCacheEntry({ header, exposureFields, body }))
  }
  return { recommendationId, body, degraded: response.degraded === true }
}

function toHeader(response: RecommendationResponse, shop: TenantIndex, stamp: string): CacheHeader {
  const { recommendationId, model, strategy } = response
  const items = response.items.map(({ id }) => id)
  const versions = items.map((id) => shop.catalogue.entryAt(shop.table.indexOf(id) ?? -1)?.version ?? 0)
  return { recommendationId, model, stamp, strategy, items, versions }
}

interface Standing {
  readonly stamp: string
  readonly shop: TenantIndex
  readonly view: ModelView | undefined
}

function isFresh(header: CacheHeader, { stamp, shop, view }: Standing): boolean {
  if (header.stamp !== stamp || header.model !== (view?.version ?? null)) return false
  const { table, catalogue } = shop
  return header.items.every((id, at) => {
    const index = table.indexOf(id)
    if (index === undefined || !catalogue.mayShow(index)) return false
    return (catalogue.entryAt(index)?.version ?? 0) === header.versions[at]
  })
}

/** Undefined when the store is down or slow. */
function readCached(
  { state, onlineStore }: RecommendationContext,
  key: CacheKey,
  { tenant, userId }: UserQuery,
): Promise<{ entry: ReturnType<typeof decodeCacheEntry> | undefined; stamp: string } | undefined> {
  return state.attempt(async (reader) => {
    const [[stored], stamp] = await Promise.all([onlineStore.readCached([key]), reader.readStamp({ tenant, userId })])
    return { entry: stored === undefined ? undefined : decodeCacheEntry(stored), stamp }
  })
}

function writeCached({ onlineStore, cacheTtlMs, log }: RecommendationContext, key: CacheKey, value: Uint8Array): void {
  onlineStore.writeCached(key, value, cacheTtlMs).catch((error: unknown) => {
    log.warn({ err: error }, 'an answer could not be cached')
  })
}

/** The name carries the shape of the request and the version of the entry's form. */
function cacheKeyOf({ tenant, userId, count, category }: UserQuery): CacheKey {
  const shape = category === undefined ? '' : `/${createHash('sha256').update(category).digest('base64url')}`
  return { entity: entities.user(tenant, userId), name: `recommendations.v1/${count ?? defaultCount}${shape}` }
}

const audienceOf = ({ tenant, userId, scenario }: UserQuery) => ({
  tenant,
  userId,
  ...(scenario === undefined ? {} : { scenario }),
})
