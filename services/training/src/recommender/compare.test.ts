import { describe, expect, it } from 'vitest'
import type { Log } from '@rapport/core'
import { candidatesOf, plainPopularity } from './candidates.ts'
import { compareRecipes, toLeaderboard } from './compare.ts'
import { type Algorithm, isSameRecipe, readRecipe, type Recipe } from './recipe.ts'
import type { Arena, Trial } from './trial.ts'

const silent = (): void => undefined
const log: Log = { debug: silent, info: silent, warn: silent, error: silent }
const options = { signal: new AbortController().signal, log, onProgress: silent }
const recipeOf = (algorithm: Algorithm, at = 0): Recipe => {
  const recipe = candidatesOf(algorithm, 1)[at]
  if (recipe === undefined) throw new Error('no such candidate')
  return recipe
}
const [knn, ease, otherEase, fading] = [
  recipeOf('item-knn'),
  recipeOf('ease'),
  recipeOf('ease', 1),
  recipeOf('popularity', 1),
]
/** What the search has found, with the figures of the validation part. */
const found = (...trials: readonly (readonly [Recipe, number])[]): ReadonlyMap<Algorithm, Trial> =>
  new Map(
    trials.map(([recipe, figure]) => [
      recipe.algorithm,
      { recipe, metrics: { 'ndcg@20': figure }, trainingSeconds: 0 },
    ]),
  )

/** Answers the figure of the test part, or the reason to decline, that a test has set for each recipe. */
function arenaOf(figures: readonly (readonly [Recipe, number | string])[]): { arena: Arena; tried: Recipe[] } {
  const tried: Recipe[] = []
  const arena = {
    async try(recipe: Recipe): Promise<Trial> {
      tried.push(recipe)
      const figure = figures.find(([known]) => isSameRecipe(known, recipe))?.[1]
      if (figure === undefined) throw new Error(`${recipe.algorithm} was not to be tried`)
      if (typeof figure === 'string') return { recipe, declined: figure }
      return { recipe, metrics: { 'ndcg@20': figure }, trainingSeconds: 1 }
    },
  }
  return { arena: arena as Partial<Arena> as Arena, tried }
}

describe('comparing recipes', () => {
  it('lets the best win that beats all-time popularity; fading popularity is shown and need not be beaten', async () => {
    const { arena } = arenaOf([
      [plainPopularity, 0.1],
      [fading, 0.4],
      [knn, 0.2],
      [ease, 0.3],
    ])
    const entrants = { found: found([fading, 0.4], [knn, 0.1], [ease, 0.2]), champion: undefined }
    const comparison = await compareRecipes(arena, entrants, options)
    expect(comparison.winner?.trial.recipe).toBe(ease)
    const rows = toLeaderboard(comparison).map(({ algorithm, role, isWinner, metrics, validationMetrics }) => [
      algorithm,
      role,
      isWinner,
      metrics['ndcg@20'],
      validationMetrics?.['ndcg@20'],
    ])
    expect(rows).toEqual([
      ['popularity', 'baseline', false, 0.4, 0.4],
      ['ease', 'challenger', true, 0.3, 0.2],
      ['item-knn', 'challenger', false, 0.2, 0.1],
      ['popularity', 'baseline', false, 0.1, undefined],
    ])
  })

  it('chooses among the algorithms by the validation part, whatever the test part says', async () => {
    const { arena } = arenaOf([
      [plainPopularity, 0.1],
      [knn, 0.2],
      [ease, 0.3],
    ])
    const entrants = { found: found([knn, 0.25], [ease, 0.24]), champion: undefined }
    const comparison = await compareRecipes(arena, entrants, options)
    expect(comparison.winner?.trial).toMatchObject({ recipe: knn, metrics: { 'ndcg@20': 0.2 } })
    expect(toLeaderboard(comparison).map(({ isWinner }) => isWinner)).toEqual([false, true, false])
  })

  it('does not look for another one when what was chosen does not beat popularity on the test part', async () => {
    const { arena } = arenaOf([
      [plainPopularity, 0.2],
      [knn, 0.1],
      [ease, 0.3],
    ])
    const entrants = { found: found([knn, 0.25], [ease, 0.24]), champion: undefined }
    expect((await compareRecipes(arena, entrants, options)).winner).toBeUndefined()
  })

  it('chooses among what could be trained on the larger part', async () => {
    const { arena } = arenaOf([
      [plainPopularity, 0.1],
      [knn, 'needs too much'],
      [ease, 0.3],
    ])
    const entrants = { found: found([knn, 0.25], [ease, 0.24]), champion: undefined }
    expect((await compareRecipes(arena, entrants, options)).winner?.trial.recipe).toBe(ease)
  })

  it('has no winner when nothing is better than popularity, equals included', async () => {
    const { arena } = arenaOf([
      [plainPopularity, 0.3],
      [knn, 0.3],
      [ease, 0.2],
    ])
    const { winner } = await compareRecipes(
      arena,
      { found: found([plainPopularity, 0.1], [knn, 0.4]), champion: ease },
      options,
    )
    expect(winner).toBeUndefined()
  })

  it('keeps the recipe of the champion against equals, and gives way to a better one', async () => {
    const equal = arenaOf([
      [plainPopularity, 0.1],
      [knn, 0.3],
      [otherEase, 0.3],
    ])
    const entrants = { found: found([knn, 0.4]), champion: otherEase }
    expect((await compareRecipes(equal.arena, entrants, options)).winner).toMatchObject({ role: 'champion' })
    const better = arenaOf([
      [plainPopularity, 0.1],
      [knn, 0.31],
      [otherEase, 0.3],
    ])
    expect((await compareRecipes(better.arena, entrants, options)).winner?.trial.recipe).toBe(knn)
  })

  it('keeps the recipe of the champion when validation has chosen it, though another is better on the test part', async () => {
    const { arena } = arenaOf([
      [plainPopularity, 0.1],
      [knn, 0.4],
      [ease, 0.3],
    ])
    const entrants = { found: found([knn, 0.2], [ease, 0.3]), champion: { ...ease } }
    expect((await compareRecipes(arena, entrants, options)).winner).toMatchObject({ role: 'champion' })
  })

  it('trains the champion once when a challenger has its recipe', async () => {
    const { arena, tried } = arenaOf([
      [plainPopularity, 0.1],
      [ease, 0.3],
    ])
    const { contenders } = await compareRecipes(
      arena,
      { found: found([plainPopularity, 0.1], [ease, 0.3]), champion: { ...ease } },
      options,
    )
    expect(contenders.map(({ role }) => role)).toEqual(['baseline', 'champion'])
    expect(tried).toHaveLength(2)
  })

  it('does not try again what was declined on less data', async () => {
    const { arena, tried } = arenaOf([[plainPopularity, 0.1]])
    const declined = new Map<Algorithm, Trial>([['ease', { recipe: ease, declined: 'needs too much' }]])
    const comparison = await compareRecipes(arena, { found: declined, champion: undefined }, options)
    expect(tried).toEqual([plainPopularity])
    expect(toLeaderboard(comparison).at(-1)).toMatchObject({
      algorithm: 'ease',
      declined: 'needs too much',
      metrics: {},
    })
  })
})

describe('recipes', () => {
  it('are read back from the manifest of a version', () => {
    for (const recipe of [knn, ease, fading, recipeOf('ials')]) {
      const read = readRecipe(recipe.algorithm, recipe.parameters)
      expect(read !== undefined && isSameRecipe(read, recipe)).toBe(true)
    }
  })

  it.each([
    ['an unknown algorithm', 'magic', {}],
    ['a missing parameter', 'ease', { lambda: 1, kept: 2 }],
    ['a parameter that is no number', 'ease', { lambda: '1', kept: 2, historyHalfLifeDays: 0 }],
  ])('are not made of %s', (_what, algorithm, parameters) => {
    expect(readRecipe(algorithm, parameters)).toBeUndefined()
  })
})
