import { expect, it } from 'vitest'
import { silentLog } from '../testing/text-jobs.ts'
import { assertFinalists, searchTexts, type TextSearchOptions } from './search-texts.ts'
import type { ScorePartRows } from './text-problem.ts'
import type { RowRecipe, TextRecipe } from './text-recipe.ts'

const rows = 6000
const labels = Int32Array.from({ length: rows }, (_, row) => row % 2)
const foldOf = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 2) % 3)
const features = { analyzer: 'word', ngrams: [1, 1], minDf: 1, maxFeatures: 9 } as const
const svm = (cost: number): RowRecipe => ({
  algorithm: 'linear-svm',
  features: { ...features, ngrams: [1, 1] },
  parameters: { cost },
})
const bayes = (alpha: number): RowRecipe => ({ ...svm(1), algorithm: 'multinomial-nb', parameters: { alpha } })

/** Right in a share of the rows that the recipe and the rows that it was trained on say. */
const problemOf = (accuracyOf: (recipe: TextRecipe, trained: number) => number) => ({
  part: { texts: [], labels, classes: 2 },
  train: (recipe: TextRecipe, trained: Int32Array): Promise<ScorePartRows> =>
    Promise.resolve((asked) => {
      const right = Math.round(accuracyOf(recipe, trained.length) * asked.length)
      return Float32Array.from({ length: 2 * asked.length }, (_, at) => {
        const label = labels[asked[at >> 1] as number] as number
        return at % 2 === (at >> 1 < right ? label : 1 - label) ? 1 : 0
      })
    }),
})

const options: TextSearchOptions = {
  objective: 'accuracy',
  folds: 3,
  foldOf,
  budgetMs: 1e6,
  signal: new AbortController().signal,
  log: silentLog,
  onStep: () => undefined,
  onProgress: () => undefined,
}
const recipes = [0.1, 0.3, 1, 3, 10, 30].map(svm).concat([0.1, 0.3, 1].map(bayes))

it('tries the other parameters of the best on all rows, which few rows had put behind', async () => {
  const problem = problemOf((recipe, trained) => {
    const { cost = 0 } = 'parameters' in recipe ? recipe.parameters : {}
    // The larger cost is the better one on all rows alone.
    return recipe.algorithm === 'linear-svm' ? 0.8 + (trained > 3000 ? cost : -cost) / 1000 : 0.6
  })
  const [best, ...others] = await searchTexts(problem, recipes, options)
  expect(best).toMatchObject({ recipe: { parameters: { cost: 30 } }, result: { status: 'finished', trainRows: 4000 } })
  expect(others.filter(({ result }) => result.status === 'finished')).toHaveLength(5)
  expect(
    others.filter(({ recipe }) => recipe.algorithm === 'multinomial-nb').map(({ result }) => result.status),
  ).toEqual(['eliminated', 'eliminated', 'eliminated'])
})

it('tries the best of one algorithm, and then its other parameters, on all rows', async () => {
  const seen = new Set<number>()
  const problem = problemOf((recipe, trained) => {
    seen.add(trained)
    return 'parameters' in recipe ? 0.9 - Math.abs((recipe.parameters.cost ?? 0) - 1) / 1000 : 0
  })
  const tried = await searchTexts(problem, recipes.slice(0, 6), options)
  expect([...seen]).toEqual([1334, 4000])
  expect(tried.map(({ result }) => [result.status, result.trainRows])).toEqual(tried.map(() => ['finished', 4000]))
  expect(tried[0]?.recipe).toMatchObject({ parameters: { cost: 1 } })
})

it('says why there is no candidate', async () => {
  const tried = await searchTexts(
    problemOf(() => 1),
    [svm(1)],
    { ...options, budgetMs: 0 },
  )
  expect(tried.map(({ result }) => result.status)).toEqual(['left-out'])
  expect(() => assertFinalists(tried)).toThrow(
    'no candidate could be trained: the time was too short for any; a larger budget may help',
  )
})
