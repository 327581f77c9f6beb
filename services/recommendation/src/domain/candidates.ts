import type { RecommendationSource } from '@rapport/contracts'
import type { ContentAnchors } from './content-index.ts'
import { eachNeighbour, type ModelHistory, type ModelView } from './model-view.ts'
import type { TenantIndex } from './tenant-index.ts'
import type { HistoryItem } from './visitor-history.ts'

/** An item proposed for an answer. Scores compare within one source. */
export interface Candidate {
  /** Index in the tenant's item table. */
  readonly index: number
  readonly score: number
  readonly source: RecommendationSource
}

/** Content neighbours are looked for around this many of the newest items of a history. */
const contentDepth = 10
/** Cosine below which two items have no more in common than a shop's usual words. */
const kinshipFloor = 0.12

/** Up to so many new items it is cheaper to compare each than to search all contents. */
const comparedOneByOne = 200

/** The best of the whole catalogue by the model's score, as far as the score speaks for an item at all. */
export function modelCandidates(shop: TenantIndex, view: ModelView, history: ModelHistory, count: number): Candidate[] {
  if (history.length === 0) return []
  view.scorer.score(history, view.scores)
  return bestOf(shop, view.scores, { count, source: 'model', tableIndices: view.tableIndices })
}

export interface BestOptions {
  readonly count: number
  readonly source: RecommendationSource
  /** Table index by position in `scores`; the position itself when absent. */
  readonly tableIndices?: Int32Array
}

/** The best items with a positive score that the rules allow. Rules are asked only about what would get in. */
export function bestOf(shop: TenantIndex, scores: Float32Array, options: BestOptions): Candidate[] {
  const { top, rules } = shop
  const { count, source, tableIndices } = options
  top.reset(count)
  let threshold = 0
  for (let at = 0; at < scores.length; at += 1) {
    const score = scores[at] ?? 0
    if (!(score > threshold)) continue
    const index = tableIndices === undefined ? at : (tableIndices[at] ?? 0)
    if (!rules.allows(index)) continue
    top.offer(index, score)
    if (top.count >= count) threshold = top.scores[0] ?? 0
  }
  return takeTop(shop, source)
}

function takeTop({ top }: TenantIndex, source: RecommendationSource): Candidate[] {
  const length = top.finish()
  const candidates: Candidate[] = []
  for (let at = 0; at < length; at += 1) {
    candidates.push({ index: top.items[at] ?? 0, score: top.scores[at] ?? 0, source })
  }
  return candidates
}

/** Items of the history that the content index knows, with weights that sum to 1. */
export function contentAnchors(shop: TenantIndex, history: readonly HistoryItem[]): ContentAnchors {
  const anchors: [number, number][] = []
  let total = 0
  for (const { itemId, weight } of history) {
    const index = shop.table.indexOf(itemId)
    if (index === undefined || !shop.content.has(index)) continue
    anchors.push([index, weight])
    total += weight
    if (anchors.length === contentDepth) break
  }
  for (const anchor of anchors) anchor[1] /= total
  return anchors
}

export interface ContentOptions {
  readonly count: number
  /** Leaves out the items that this model can score by itself. */
  readonly unknownTo?: ModelView | undefined
}

/** Items whose content is near the anchors'; score: weighted mean of the cosines. */
export function contentCandidates(shop: TenantIndex, anchors: ContentAnchors, options: ContentOptions): Candidate[] {
  const { top, rules, content } = shop
  const { count, unknownTo } = options
  if (anchors.length === 0 || count <= 0) return []
  const unknown = unknownTo?.unknownOf(shop.catalogue)
  if (unknown?.length === 0) return []
  top.reset(count)
  const offer = (index: number, score: number): void => {
    if (score <= (top.count < count ? 0 : (top.scores[0] ?? 0))) return
    if (unknownTo?.itemOf(index) === undefined && rules.allows(index)) top.offer(index, score)
  }
  if (unknown !== undefined && unknown.length <= comparedOneByOne) content.compare(anchors, unknown, offer)
  else content.neighbours(anchors, offer)
  return takeTop(shop, 'content').filter(({ index }) =>
    anchors.some(([anchor]) => content.similarity(anchor, index) >= kinshipFloor),
  )
}

/** The model's list of neighbours of one item, best first. */
export function neighbourCandidates(
  shop: TenantIndex,
  view: ModelView,
  query: { readonly item: number; readonly kind: 'similar' | 'alsoViewed' | 'alsoBought'; readonly count: number },
): Candidate[] {
  const lists = view.bundle.neighbours[query.kind]
  const candidates: Candidate[] = []
  if (lists === undefined) return candidates
  const source = query.kind === 'similar' ? 'model' : query.kind
  eachNeighbour(lists, query.item, (item, score) => {
    const index = view.tableIndices[item] ?? 0
    if (candidates.length < query.count && shop.rules.allows(index)) candidates.push({ index, score, source })
  })
  return candidates
}

/** Newest catalogue entries; score: the time of the last change, in seconds since the epoch. */
export function newestCandidates(shop: TenantIndex, count: number): Candidate[] {
  const { top, rules, catalogue, table } = shop
  top.reset(count)
  for (let index = 0; index < table.size; index += 1) {
    const entry = catalogue.entryAt(index)
    if (entry !== undefined && rules.allows(index)) top.offer(index, entry.updatedAtMs / 1000)
  }
  return takeTop(shop, 'newest')
}
