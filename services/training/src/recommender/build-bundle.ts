import {
  createSelfCheck,
  type CsrMatrix,
  type NeighbourLists,
  type RecommenderBundle,
  type RecommenderSelfCheck,
  rowOf,
  type TrainingControl,
  trainItemKnn,
  truncateNeighbours,
} from '@rapport/ml'
import type { Item } from '@rapport/contracts'
import { eventWeights, purchaseKinds, viewKinds } from '../data/event-weights.ts'
import { always, strengthMatrix, strengthScale } from './parts.ts'
import { parameterOf, type Recipe } from './recipe.ts'
import type { TrainingPart } from './trial.ts'

const dayMs = 24 * 60 * 60 * 1000
const listedNeighbours = 50
const longestCheckedHistory = 20

export interface BundleIngredients {
  readonly recipe: Recipe
  /** All data. */
  readonly part: TrainingPart
  /** For `similar`, and for what was viewed and bought together. */
  readonly knn: { readonly neighbours: number; readonly shrinkage: number }
  readonly popularityHalfLifeDays: number
  readonly catalogue: ReadonlyMap<string, Item>
}

/** Refits the recipe on everything and packs what serving needs. */
export async function buildBundle(
  ingredients: BundleIngredients,
  control: TrainingControl,
): Promise<{ readonly bundle: RecommenderBundle; readonly selfCheck: RecommenderSelfCheck }> {
  const { recipe, part, catalogue } = ingredients
  const { log, scale } = part.dataset
  const halfLifeDays = parameterOf(recipe, 'historyHalfLifeDays')
  const scorer = await part.train(recipe, control)
  const lists = async (matrix: CsrMatrix): Promise<NeighbourLists> =>
    truncateNeighbours(await trainItemKnn(matrix, ingredients.knn, control), listedNeighbours)
  const ofKinds = (kinds: ReadonlySet<number>): Promise<NeighbourLists> =>
    // The shrinkage was found for cells of 1 in the mean.
    lists(strengthMatrix(log, { span: always, kinds, scale: strengthScale(log, kinds) }))
  const [similar, alsoViewed, alsoBought] = [
    await lists(part.matrix()),
    await ofKinds(viewKinds),
    await ofKinds(purchaseKinds),
  ]
  const bundle: RecommenderBundle = {
    itemIds: log.itemIds,
    scorer,
    popularity: part.popularity(ingredients.popularityHalfLifeDays),
    neighbours: {
      similar,
      ...(alsoViewed.items.length > 0 ? { alsoViewed } : {}),
      ...(alsoBought.items.length > 0 ? { alsoBought } : {}),
    },
    eventWeights: Object.fromEntries(Object.entries(eventWeights).map(([event, weight]) => [event, weight * scale])),
    ...(halfLifeDays === 0 ? {} : { historyHalfLifeMs: halfLifeDays * dayMs }),
    catalogue: new TextEncoder().encode(JSON.stringify([...catalogue.values()])),
  }
  return { bundle, selfCheck: createSelfCheck(bundle, checkedHistory(part.matrix(halfLifeDays))) }
}

/** The longest history, shortened. */
function checkedHistory(matrix: CsrMatrix): { items: Int32Array; weights: Float32Array; length: number } {
  let longest = rowOf(matrix, 0)
  for (let user = 1; user < matrix.rows; user += 1) {
    const history = rowOf(matrix, user)
    if (history.length > longest.length) longest = history
  }
  return { ...longest, length: Math.min(longest.length, longestCheckedHistory) }
}
