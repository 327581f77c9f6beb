import type { RecommendationRequest, RecommendationResponse, RecommendationStrategy } from '@rapport/contracts'
import type { CacheEntry, CacheHeader } from '../domain/cache-entry.ts'
import type { TenantIndex } from '../domain/tenant-index.ts'
import { countAnswer } from '../metrics.ts'
import type { AnswerKey } from './answer-cache.ts'
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
  const { tenant, userId } = query
  const { metrics } = context
  const found = await findKept(context, query)
  if (found === undefined) return answerUnread(context, query)
  const standing = { stamp: found.stamp, shop: context.shops.of(tenant), model: context.models.servingVersion(tenant) }
  const kept = standsStill(found.entry, standing) ? found.entry : await readAgain(context, query, { found, standing })
  if (kept !== undefined) {
    metrics.cache.hit.inc()
    return showKept(context, query, kept)
  }
  metrics.cache[found.entry === undefined ? 'miss' : 'stale'].inc()
  const hydration = await hydrate(context, tenant, { tenant, userId })
  using _fresh = hydration.lease
  return answerNow(context, query, hydration)
}

interface Found {
  readonly entry: CacheEntry | undefined
  readonly stamp: string
  readonly wasRemembered: boolean
}

/** The kept answer, if any, and the visitor's stamp. Undefined when the store is down or slow. */
function findKept({ state, answers }: RecommendationContext, query: UserQuery): Promise<Found | undefined> {
  const { tenant, userId } = query
  const remembered = answers.recall(keyOf(query))
  return state.attempt(async (reader) => {
    const stamp = reader.readStamp({ tenant, userId })
    if (remembered !== undefined) return { entry: remembered, stamp: await stamp, wasRemembered: true }
    const [entry] = await Promise.all([answers.read(keyOf(query)), stamp])
    return { entry, stamp: await stamp, wasRemembered: false }
  })
}

/** What this process remembers is out of date; another one may have made the answer anew. */
async function readAgain(
  { state, answers }: RecommendationContext,
  query: UserQuery,
  { found, standing }: { found: Found; standing: Standing },
): Promise<CacheEntry | undefined> {
  if (!found.wasRemembered) return undefined
  const entry = await state.attempt(() => answers.read(keyOf(query)))
  return standsStill(entry, standing) ? entry : undefined
}

function showKept(context: RecommendationContext, query: UserQuery, entry: CacheEntry): RenderedAnswer {
  const { header, exposureFields, body } = entry
  const { recommendationId } = header
  countAnswer(context.metrics, header.strategy as RecommendationStrategy, false)
  expose(context, audienceOf(query), { recommendationId, exposureFields, cached: true })
  void context.trends.touch(query.tenant)
  return { recommendationId, body, degraded: false }
}

/** The store has just failed within its deadline: it is not asked again for this answer. */
async function answerUnread(context: RecommendationContext, query: UserQuery): Promise<RenderedAnswer> {
  using lease = await context.models.acquire(query.tenant)
  return answerNow(context, query, { shop: context.shops.of(query.tenant), lease, state: 'unreadable' })
}

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
    context.answers.write(keyOf(query), { header, exposureFields, body })
  }
  return { recommendationId, body, degraded: response.degraded === true }
}

function toHeader(response: RecommendationResponse, shop: TenantIndex, stamp: string): Omit<CacheHeader, 'untilMs'> {
  const { recommendationId, model, strategy } = response
  const items = response.items.map(({ id }) => id)
  const versions = items.map((id) => shop.catalogue.entryAt(shop.table.indexOf(id) ?? -1)?.version ?? 0)
  return { recommendationId, model, stamp, strategy, items, versions }
}

interface Standing {
  readonly stamp: string
  readonly shop: TenantIndex
  /** The version that serves. */
  readonly model: string | undefined
}

function standsStill(entry: CacheEntry | undefined, { stamp, shop, model }: Standing): boolean {
  if (entry === undefined) return false
  const { header } = entry
  if (header.stamp !== stamp || header.model !== (model ?? null)) return false
  const { revision } = shop.catalogue
  if (entry.checkedRevision === revision) return true
  if (!itemsStand(header, shop)) return false
  entry.checkedRevision = revision
  return true
}

function itemsStand({ items, versions }: CacheHeader, { table, catalogue }: TenantIndex): boolean {
  return items.every((id, at) => {
    const index = table.indexOf(id)
    if (index === undefined || !catalogue.mayShow(index)) return false
    return (catalogue.entryAt(index)?.version ?? 0) === versions[at]
  })
}

const keyOf = ({ tenant, userId, count, category }: UserQuery): AnswerKey => ({
  tenant,
  userId,
  count: count ?? defaultCount,
  category,
})

const audienceOf = ({ tenant, userId, scenario }: UserQuery) => ({
  tenant,
  userId,
  ...(scenario === undefined ? {} : { scenario }),
})
