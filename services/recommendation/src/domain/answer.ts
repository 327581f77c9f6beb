import type { RecommendationStrategy, SimilarKind } from '@rapport/contracts'
import {
  bestOf,
  contentAnchors,
  contentCandidates,
  modelCandidates,
  neighbourCandidates,
  newestCandidates,
  type Candidate,
} from './candidates.ts'
import type { ContentAnchors } from './content-index.ts'
import { interleave, placesIn, type Places } from './merge.ts'
import type { ModelHistory, ModelView } from './model-view.ts'
import type { TenantIndex } from './tenant-index.ts'
import type { HistoryItem } from './visitor-history.ts'

/** The ranked items of an answer with what is needed to say why. */
export interface Answer {
  readonly strategy: RecommendationStrategy
  readonly candidates: readonly Candidate[]
  readonly history: readonly HistoryItem[]
  /** Valid until the view's next request. */
  readonly modelHistory: ModelHistory | undefined
  readonly anchors: ContentAnchors
}

/** Places of an answer kept for items that no model knows yet (docs/adr: content share). */
const newItemPlaces: Places = { first: 4, every: 6 }
const similarContentPlaces: Places = { first: 3, every: 3 }
const trendingPlaces: Places = { first: 3, every: 3 }

export interface VisitorQuery {
  readonly history: readonly HistoryItem[]
  /** True when the history is the request's session alone. */
  readonly sessionOnly: boolean
  readonly count: number
}

/** Ranks for a visitor: the model over the whole catalogue, some places for items new to it, and enough to fill the answer. */
export function answerVisitor(shop: TenantIndex, view: ModelView | undefined, query: VisitorQuery): Answer {
  const { history, count } = query
  const modelHistory = view?.historyOf(history, shop.table)
  const anchors = contentAnchors(shop, history)
  const personal =
    view === undefined || modelHistory === undefined ? [] : modelCandidates(shop, view, modelHistory, count)
  const unseen = contentCandidates(shop, anchors, {
    count: personal.length === 0 ? count : placesIn(count, newItemPlaces),
    unknownTo: personal.length === 0 ? undefined : view,
  })
  const candidates = personal.length === 0 ? unseen : interleave(personal, unseen, { count, places: newItemPlaces })
  const own = personal.length === 0 ? 'content' : query.sessionOnly ? 'session' : 'personal'
  const strategy = candidates.length === 0 ? undefined : own
  const filled = fillUp(shop, view, { candidates, count, anchors: personal.length === 0 ? [] : anchors })
  return { strategy: strategy ?? strategyOf(filled), candidates: filled, history, modelHistory, anchors }
}

export interface SimilarQuery {
  readonly index: number
  readonly kind: SimilarKind
  readonly count: number
}

/** Ranks around one item: what behaviour puts beside it, what its content puts beside it, and enough to fill the answer. */
export function answerSimilar(shop: TenantIndex, view: ModelView | undefined, query: SimilarQuery): Answer {
  const { index, kind, count } = query
  const history = [{ itemId: shop.table.idAt(index), event: undefined, weight: 1 }]
  const anchors = contentAnchors(shop, history)
  const item = view?.itemOf(index)
  const behind = view === undefined || item === undefined ? [] : neighbourCandidates(shop, view, { item, kind, count })
  const near = contentCandidates(shop, anchors, { count, unknownTo: behind.length === 0 ? undefined : view })
  const candidates = behind.length === 0 ? near : interleave(behind, near, { count, places: placesFor(kind) })
  const strategy = behind.length > 0 ? kind : near.length > 0 ? 'content' : undefined
  const filled = fillUp(shop, view, { candidates, count, anchors })
  return { strategy: strategy ?? strategyOf(filled), candidates: filled, history, modelHistory: undefined, anchors }
}

/** What others viewed or bought with an item is told as it is; only "similar" takes content in before it runs out. */
const placesFor = (kind: SimilarKind): Places =>
  kind === 'similar' ? similarContentPlaces : { first: Number.POSITIVE_INFINITY, every: 1 }

export function answerPopular(shop: TenantIndex, view: ModelView | undefined, count: number): Answer {
  return impersonal(fillUp(shop, view, { candidates: countedPopular(shop, count), count, anchors: [] }), 'popular')
}

export function answerTrending(shop: TenantIndex, view: ModelView | undefined, count: number): Answer {
  const trending = bestOf(shop, shop.trends.trending, { count, source: 'trending' })
  return impersonal(fillUp(shop, view, { candidates: trending, count, anchors: [] }), 'trending')
}

const impersonal = (candidates: readonly Candidate[], strategy: RecommendationStrategy): Answer => ({
  strategy: candidates.some(({ source }) => source === strategy) ? strategy : strategyOf(candidates),
  candidates,
  history: [],
  modelHistory: undefined,
  anchors: [],
})

/** The path of an answer that nothing personal began: what is popular and what rises are one path. */
const strategyOf = (candidates: readonly Candidate[]): RecommendationStrategy =>
  candidates.length > 0 && candidates.every(({ source }) => source === 'newest') ? 'newest' : 'popular'

interface Filling {
  readonly candidates: readonly Candidate[]
  readonly count: number
  /** Items around which content may fill; none when content has been asked already. */
  readonly anchors: ContentAnchors
}

/**
 * Fills an answer that is too short: content, then what rises and what is popular, then the newest of the catalogue, and
 * at last items that the visitor knows (but never what is barred), so that an answer is empty only where nothing may be shown.
 */
function fillUp(shop: TenantIndex, view: ModelView | undefined, { candidates, count, anchors }: Filling): Candidate[] {
  const filled = [...candidates]
  const take = (more: readonly Candidate[]): void => {
    for (const candidate of more) {
      if (filled.length >= count) return
      filled.push(candidate)
      shop.rules.bar(candidate.index)
    }
  }
  if (filled.length >= count) return filled
  for (const { index } of filled) shop.rules.bar(index)
  take(contentCandidates(shop, anchors, { count: count - filled.length }))
  for (const pass of ['unseen', 'seen'] as const) {
    if (pass === 'seen') shop.rules.showSeen()
    if (filled.length < count) take(popularAndTrending(shop, count - filled.length))
    if (filled.length < count && view !== undefined) take(modelPopular(shop, view, count - filled.length))
    if (filled.length < count) take(newestCandidates(shop, count - filled.length))
  }
  return filled
}

function popularAndTrending(shop: TenantIndex, count: number): Candidate[] {
  const popular = countedPopular(shop, count)
  const trending = bestOf(shop, shop.trends.trending, { count: placesIn(count, trendingPlaces), source: 'trending' })
  const rising = new Set(trending.map(({ index }) => index))
  const steady = popular.filter(({ index }) => !rising.has(index))
  const merged = interleave(steady, trending, { count, places: trendingPlaces })
  // With few steady items the places of rising ones may lie behind the list's end.
  return [...merged, ...trending.filter((candidate) => !merged.includes(candidate))]
}

/** By the newest counts. */
const countedPopular = (shop: TenantIndex, count: number): Candidate[] =>
  bestOf(shop, shop.trends.popular, { count, source: 'popular' })

/** By the popularity that stands in the model: what there is before counts have been read, or while they cannot be. */
const modelPopular = (shop: TenantIndex, { bundle, tableIndices }: ModelView, count: number): Candidate[] =>
  bestOf(shop, bundle.popularity, { count, source: 'popular', tableIndices })
