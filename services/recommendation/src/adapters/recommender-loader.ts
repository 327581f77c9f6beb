import { RecommenderSelfCheckSchema, type RecommenderSelfCheck } from '@rapport/contracts'
import { decodeBundle } from '@rapport/ml'
import type { ModelLoader } from '@rapport/model-store'
import { Value } from 'typebox/value'
import { ModelView } from '../domain/model-view.ts'
import type { Shops } from '../domain/shops.ts'
import { ModelCheckError } from '../errors.ts'

/** Beside the arrays of its files a loaded recommender holds its items' ids, a score and an index for each. */
const memoryPerFileByte = 1.25

/** How the model host makes a recommender ready for a tenant's requests. */
export const createRecommenderLoader = (shops: Shops): ModelLoader<ModelView> => ({
  estimateBytes: ({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0) * memoryPerFileByte,
  decode: (files, manifest) => new ModelView(manifest, decodeBundle(files), shops.of(manifest.tenant).table),
  selfCheck: checkScores,
  warmUp: (view) => {
    view.scorer.score({ items: Int32Array.of(0), weights: Float32Array.of(1), length: 1 }, view.scores)
  },
})

/** @throws ModelCheckError where a score differs, or the expectation is none. */
export function checkScores(view: ModelView, expected: unknown): void {
  if (!Value.Check(RecommenderSelfCheckSchema, expected)) throw new ModelCheckError('the self-check is not one')
  const { history, scores, tolerance } = expected
  const items = Int32Array.from(history, ({ itemId }) => itemNumber(view, itemId))
  const weights = Float32Array.from(history, ({ weight }) => weight)
  view.scorer.score({ items, weights, length: items.length }, view.scores)
  for (const { itemId, score } of scores) {
    const given = view.scores[itemNumber(view, itemId)] ?? Number.NaN
    if (!(Math.abs(given - score) <= tolerance * Math.max(1, Math.abs(score)))) {
      throw new ModelCheckError(`the score of ${itemId} is ${given}, not ${score}`)
    }
  }
}

function itemNumber({ bundle }: ModelView, itemId: RecommenderSelfCheck['scores'][number]['itemId']): number {
  const item = bundle.itemIds.indexOf(itemId)
  if (item < 0) throw new ModelCheckError(`the model does not have the item ${itemId}`)
  return item
}
