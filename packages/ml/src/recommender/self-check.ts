import { RapportError } from '@rapport/core'
import { TopK } from '../ranking/top-k.ts'
import type { RecommenderBundle } from './bundle.ts'
import type { History } from './item-scorer.ts'
import { createItemScorer } from './scorer-model.ts'

/** A history, and the items that a loaded recommender must score highest for it; part of its manifest. */
export interface RecommenderSelfCheck {
  readonly history: readonly { readonly itemId: string; readonly weight: number }[]
  /** Best first. */
  readonly top: readonly { readonly itemId: string; readonly score: number }[]
}

const checkedItems = 10
/** Other hardware may round sums in another order. */
const tolerance = 1e-3

/** What the bundle answers for a history of its own item indices. */
export function createSelfCheck(bundle: RecommenderBundle, history: History): RecommenderSelfCheck {
  const scores = new Float32Array(bundle.itemIds.length)
  createItemScorer(bundle.scorer).score(history, scores)
  const best = new TopK(checkedItems)
  const found = best.select(scores)
  const idOf = (item: number | undefined): string => bundle.itemIds[item ?? -1] ?? ''
  return {
    history: Array.from({ length: history.length }, (_, at) => ({
      itemId: idOf(history.items[at]),
      weight: history.weights[at] ?? 0,
    })),
    top: Array.from({ length: found }, (_, rank) => ({
      itemId: idOf(best.items[rank]),
      score: best.scores[rank] ?? 0,
    })),
  }
}

/** Scores the history of a self-check and compares. Throws RPT_ML_SELF_CHECK that says what differs. */
export function runSelfCheck(bundle: RecommenderBundle, expected: unknown): void {
  const { history, top } = readSelfCheck(expected)
  const indices = new Map(bundle.itemIds.map((id, index) => [id, index]))
  const indexOf = (itemId: string): number => {
    const index = indices.get(itemId)
    if (index === undefined) throw failed(`the model does not know the item ${itemId}`)
    return index
  }
  const scores = new Float32Array(bundle.itemIds.length)
  createItemScorer(bundle.scorer).score(
    {
      items: Int32Array.from(history, ({ itemId }) => indexOf(itemId)),
      weights: Float32Array.from(history, ({ weight }) => weight),
      length: history.length,
    },
    scores,
  )
  const scale = top.reduce((largest, { score }) => Math.max(largest, Math.abs(score)), 0)
  for (const { itemId, score } of top) {
    const given = scores[indexOf(itemId)] ?? Number.NaN
    if (!(Math.abs(given - score) <= tolerance * Math.max(scale, 1e-6))) {
      throw failed(`item ${itemId} scores ${given}, it must score ${score}`)
    }
  }
}

const failed = (problem: string): RapportError => new RapportError('RPT_ML_SELF_CHECK', `self-check failed: ${problem}`)

function readSelfCheck(value: unknown): RecommenderSelfCheck {
  const { history, top } = (value ?? {}) as Partial<RecommenderSelfCheck>
  const isList = (list: unknown, field: string): boolean =>
    Array.isArray(list) &&
    list.every((entry: unknown) => {
      const { itemId, [field]: number } = (entry ?? {}) as Record<string, unknown>
      return typeof itemId === 'string' && Number.isFinite(number)
    })
  if (!isList(history, 'weight') || !isList(top, 'score')) throw failed('the expected answer is not one')
  return { history: history ?? [], top: top ?? [] }
}
