import type { RecommendationResponse, SimilarKind } from '@rapport/contracts'
import { notFound } from '@rapport/service-kit'
import { answerPopular, answerSimilar, answerTrending } from '../domain/answer.ts'
import { compileItemFilter } from '../domain/item-filter.ts'
import type { ModelView } from '../domain/model-view.ts'
import type { TenantIndex } from '../domain/tenant-index.ts'
import { countRanked } from '../metrics.ts'
import type { RecommendationContext } from './context.ts'
import { hydrate } from './hydrate.ts'
import { defaultCount, present } from './recommend-for-visitor.ts'

export interface RankingQuery {
  readonly tenant: string
  readonly count?: number | undefined
  readonly category?: string | undefined
}

export interface SimilarItemsQuery extends RankingQuery {
  readonly itemId: string
  readonly kind?: SimilarKind | undefined
}

/**
 * What goes with one item, with a reason each.
 * @throws HttpError 404 for an item that neither catalogue, nor model, nor events know.
 */
export async function recommendSimilar(
  context: RecommendationContext,
  query: SimilarItemsQuery,
): Promise<RecommendationResponse> {
  const { shop, lease } = await hydrate(context, query.tenant, undefined)
  using held = lease
  const index = shop.table.indexOf(query.itemId)
  if (index === undefined || !isKnown(index, shop, held?.view)) throw notFound(`item "${query.itemId}"`)
  shop.rules.begin(compileItemFilter(filterOf(query)))
  shop.rules.bar(index)
  const answer = answerSimilar(shop, held?.view, {
    index,
    kind: query.kind ?? 'similar',
    count: query.count ?? defaultCount,
  })
  countRanked(context.metrics, answer, false)
  return present({ shop, view: held?.view, answer, degraded: false, explain: true })
}

/** Where there is no catalogue everything that was spoken of is known. An item that is not to be shown may be asked about. */
const isKnown = (index: number, { catalogue }: TenantIndex, view: ModelView | undefined): boolean =>
  catalogue.mayShow(index) || catalogue.entryAt(index) !== undefined || view?.itemOf(index) !== undefined

/** What most are interested in, or what rises. */
export async function recommendRanking(
  context: RecommendationContext,
  ranking: 'popular' | 'trending',
  query: RankingQuery,
): Promise<RecommendationResponse> {
  const { shop, lease } = await hydrate(context, query.tenant, undefined)
  using held = lease
  shop.rules.begin(compileItemFilter(filterOf(query)))
  const rank = ranking === 'popular' ? answerPopular : answerTrending
  const answer = rank(shop, held?.view, query.count ?? defaultCount)
  countRanked(context.metrics, answer, false)
  return present({ shop, view: held?.view, answer, degraded: false, explain: false })
}

const filterOf = ({ category }: RankingQuery): { category: string } | undefined =>
  category === undefined ? undefined : { category }
