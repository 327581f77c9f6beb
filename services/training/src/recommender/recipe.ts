import {
  createItemScorer,
  type CsrMatrix,
  estimateEaseBytes,
  estimateIalsBytes,
  estimateItemKnnBytes,
  neighboursToWeights,
  pruneEase,
  type RankingScorer,
  type ScorerModel,
  trainEase,
  trainIals,
  type TrainingControl,
  trainItemKnn,
} from '@rapport/ml'

/** An algorithm with its parameters: what is compared, and what a version is made by. All parameters are numbers. */
export interface Recipe {
  readonly algorithm: Algorithm
  readonly parameters: Readonly<Record<string, number>>
}

export const algorithms = ['popularity', 'item-knn', 'ials', 'ease'] as const
export type Algorithm = (typeof algorithms)[number]

/** Parameters that a recipe of each algorithm must have, beside `historyHalfLifeDays` (0: no decay). */
const parameterNames: Readonly<Record<Algorithm, readonly string[]>> = {
  popularity: ['halfLifeDays'],
  'item-knn': ['neighbours', 'shrinkage'],
  ials: ['factors', 'epochs', 'alpha0', 'regularization', 'seed'],
  ease: ['lambda', 'kept'],
}

/** A parameter of a checked recipe. */
export const parameterOf = ({ parameters }: Recipe, name: string): number => parameters[name] ?? 0

/** The recipe by which a published version was made; undefined when it is none of ours. */
export function readRecipe(algorithm: string, parameters: Readonly<Record<string, unknown>>): Recipe | undefined {
  const known = algorithms.find((name) => name === algorithm)
  if (known === undefined) return undefined
  const names = [...parameterNames[known], ...(known === 'popularity' ? [] : ['historyHalfLifeDays'])]
  const entries = names.map((name) => [name, parameters[name]] as const)
  if (!entries.every((entry): entry is readonly [string, number] => Number.isFinite(entry[1]))) return undefined
  return { algorithm: known, parameters: Object.fromEntries(entries) }
}

export const isSameRecipe = (one: Recipe, other: Recipe): boolean =>
  one.algorithm === other.algorithm &&
  Object.keys({ ...one.parameters, ...other.parameters }).every(
    (name) => one.parameters[name] === other.parameters[name],
  )

export interface MatrixShape {
  readonly users: number
  readonly items: number
  readonly entries: number
}

/** Peak bytes that training by the recipe takes. */
export function estimateBytes(recipe: Recipe, shape: MatrixShape): number {
  switch (recipe.algorithm) {
    case 'popularity':
      return 12 * shape.entries
    case 'item-knn':
      return estimateItemKnnBytes(shape, knnParameters(recipe))
    case 'ials':
      return estimateIalsBytes(shape, { factors: parameterOf(recipe, 'factors') })
    case 'ease':
      return estimateEaseBytes(shape)
  }
}

const knnParameters = (recipe: Recipe): { neighbours: number; shrinkage: number } => ({
  neighbours: parameterOf(recipe, 'neighbours'),
  shrinkage: parameterOf(recipe, 'shrinkage'),
})

/** Trains by the recipe on users x items. The model is the one that would serve. */
export async function trainModel(recipe: Recipe, matrix: CsrMatrix, control: TrainingControl): Promise<ScorerModel> {
  const itemCount = matrix.columns
  const { algorithm, parameters } = recipe
  switch (algorithm) {
    case 'popularity':
      return { algorithm, itemCount, parameters }
    case 'item-knn': {
      const lists = await trainItemKnn(matrix, knnParameters(recipe), control)
      return { algorithm, itemCount, parameters, weights: neighboursToWeights(lists) }
    }
    case 'ials': {
      const [factors, epochs, alpha0, regularization, seed] = parameterNames.ials.map((name) =>
        parameterOf(recipe, name),
      )
      const named = { factors, epochs, alpha0, regularization, seed } as Record<
        'factors' | 'epochs' | 'alpha0' | 'regularization' | 'seed',
        number
      >
      return (await trainIals(matrix, named, control)).model
    }
    case 'ease': {
      const dense = await trainEase(matrix, { lambda: parameterOf(recipe, 'lambda') }, control)
      return pruneEase(dense, Math.min(parameterOf(recipe, 'kept'), itemCount))
    }
  }
}

/** Ranks as serving does: by the model's score, a model without a personal part by popularity. */
export const rankingScorer = (model: ScorerModel, popularity: Float32Array): RankingScorer =>
  model.algorithm === 'popularity'
    ? { itemCount: model.itemCount, score: (_history, out) => out.set(popularity) }
    : createItemScorer(model)
