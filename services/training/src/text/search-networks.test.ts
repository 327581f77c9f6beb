import { RapportError } from '@rapport/core'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../testing/text-jobs.ts'
import { defaultNetworkRecipe } from './networks/network-defaults.ts'
import type { NetworkRecipe } from './networks/network-recipe.ts'
import { rankTogether, searchNetworks, type NetworkSearchOptions } from './search-networks.ts'
import type { Tried } from './search-texts.ts'
import type { Validation } from './text-problem.ts'
import type { TextRecipe } from './text-recipe.ts'

const recipes = (['text-cnn', 'lstm'] as const).map((algorithm) => defaultNetworkRecipe(algorithm, ['a text of words']))
const foldOf = Int32Array.of(0, 1, 2, 0, 1, 2)
/** The scores are the fold's own, and each takes 100 ms. */
const validate = (_: TextRecipe, { fold }: { readonly fold: number }): Promise<Validation> =>
  Promise.resolve({ rows: Int32Array.of(fold, fold + 3), scores: Float32Array.of(fold), trainingMs: 100 })

const search = (fields: Partial<NetworkSearchOptions> = {}, problem = { validate }): Promise<readonly Tried[]> =>
  searchNetworks(problem, recipes, {
    before: [],
    more: [],
    folds: 3,
    foldOf,
    score: ([score = 0]) => score / 4 + 0.25,
    budgetMs: 1e9,
    signal: new AbortController().signal,
    log: silentLog,
    onStep: () => undefined,
    ...fields,
  })

describe('the search over networks', () => {
  it('tries each on every fold, on all rows', async () => {
    const [first, second] = await search()
    expect(first?.result).toMatchObject({ status: 'finished', scores: [0.25, 0.5, 0.75], mean: 0.5, trainRows: 4 })
    expect(first?.result.deviation).toBeCloseTo(Math.sqrt(2 / 3) / 4, 12)
    expect(second?.result.status).toBe('finished')
  })

  it('tries the first on one fold whatever the time, and leaves out what comes after the end', async () => {
    const [first, second] = await search({ budgetMs: 0 })
    expect(first?.result).toMatchObject({ status: 'finished', scores: [0.25] })
    expect(second?.result).toMatchObject({ status: 'left-out', reason: 'the time was over before it was tried' })
  })

  it('tries as many folds as end within the share of the time by what the epochs took, and goes by no clock', async () => {
    const foldsOf = (tried: readonly Tried[]): number[] => tried.map(({ result }) => result.scores.length)
    expect(foldsOf(await search({ budgetMs: 600 }))).toEqual([3, 3])
    expect(foldsOf(await search({ budgetMs: 599 }))).toEqual([1, 3])
    expect(foldsOf(await search({ budgetMs: 399 }))).toEqual([1, 1])
    const slower = async (recipe: TextRecipe, of: { readonly fold: number }): Promise<Validation> => ({
      ...(await validate(recipe, of)),
      trainingMs: 100 * (of.fold + 1),
    })
    expect(foldsOf(await search({ budgetMs: 800 }, { validate: slower }))).toEqual([2, 3])
  })

  it('tries more of them where all folds have room by the pace of the first, with the time that is left', async () => {
    const [first] = recipes as [NetworkRecipe]
    const longer = { ...first, tokens: { ...first.tokens, analyzer: 'char', length: 2 * first.tokens.length } } as const
    // The others take 300 ms each, and one of twice the length is expected to take 600.
    const of = async (budgetMs: number) => (await search({ more: [longer], budgetMs })).map(({ result }) => result)
    expect(await of(1200)).toMatchObject([
      { status: 'finished' },
      { status: 'finished' },
      { scores: [0.25, 0.5, 0.75] },
    ])
    expect((await of(1199))[2]).toMatchObject({ status: 'left-out' })
    const refuse = (): Promise<Validation> => Promise.reject(new RapportError('RPT_DEEP_DIVERGED', 'NaN'))
    expect((await search({ more: [longer] }, { validate: refuse }))[2]?.result.status).toBe('left-out')
  })

  it('goes on after one that refuses, and rejects with a bug or an abort', async () => {
    const refuse = (recipe: TextRecipe, of: { readonly fold: number }): Promise<Validation> =>
      recipe.algorithm === 'lstm' ? validate(recipe, of) : Promise.reject(new RapportError('RPT_DEEP_DIVERGED', 'NaN'))
    const [first, second] = await search({}, { validate: refuse })
    expect(first?.result).toMatchObject({ status: 'failed', reason: 'NaN', scores: [] })
    expect(second?.result.status).toBe('finished')
    const bug = { validate: () => Promise.reject(new TypeError('bug')) }
    await expect(search({}, bug)).rejects.toThrow('bug')
    await expect(search({ signal: AbortSignal.abort(new Error('enough')) }, { validate: refuse })).rejects.toThrow(
      'enough',
    )
  })

  it('tells a rising progress and what it trains', async () => {
    const said: [number, string | undefined][] = []
    await search({ onStep: (fraction, _, { candidate }) => said.push([fraction, candidate]) })
    const fractions = said.map(([fraction]) => fraction)
    expect(fractions).toEqual(fractions.toSorted((one, other) => one - other))
    expect(new Set(said.map(([, candidate]) => candidate))).toEqual(new Set(['text-cnn', 'lstm']))
  })

  it('tells the best so far, also of what was tried before', async () => {
    const leadersOf = async (before: readonly Tried[]): Promise<unknown[]> => {
      const said: unknown[] = []
      await search({ before, onStep: (_, __, { candidate, best }) => said.push(`${candidate}: ${best?.candidate}`) })
      return [...new Set(said)]
    }
    const [first] = (await search()) as [Tried]
    const { name } = first.result
    expect(await leadersOf([])).toEqual(['text-cnn: undefined', `lstm: ${name}`])
    const better = { ...first, result: { ...first.result, name: 'svm', mean: 0.9 } }
    expect(await leadersOf([better])).toEqual(['text-cnn: svm', 'lstm: svm'])
  })
})

describe('the order of what was tried', () => {
  const toTried = (recipe: NetworkRecipe | 'svm', scores: readonly number[], status = 'finished' as const): Tried => ({
    recipe:
      recipe === 'svm'
        ? {
            algorithm: 'linear-svm',
            features: { analyzer: 'word', ngrams: [1, 1], minDf: 1, maxFeatures: 9 },
            parameters: { cost: 1 },
          }
        : recipe,
    result: {
      name: 'x',
      status,
      scores,
      mean: scores.reduce((sum, score) => sum + score, 0) / scores.length,
      deviation: scores.length > 1 ? 0.05 : 0,
      trainRows: 1,
      elapsedMs: 1,
    },
  })
  const svm = toTried('svm', [0.7, 0.8, 0.9])

  it('compares a network of one fold with the others on that fold', () => {
    const better = toTried(recipes[0] as NetworkRecipe, [0.76])
    // By less than the scores of the folds deviate.
    const worse = toTried(recipes[1] as NetworkRecipe, [0.74])
    expect(rankTogether([svm], [worse, better])).toEqual([better, svm, worse])
  })

  it('takes the network of the most folds as the measure where there is nothing else', () => {
    const whole = toTried(recipes[0] as NetworkRecipe, [0.7, 0.8, 0.9])
    const lucky = toTried(recipes[1] as NetworkRecipe, [0.74])
    const better = toTried(recipes[1] as NetworkRecipe, [0.74, 0.89])
    expect(rankTogether([], [whole, lucky])).toEqual([whole, lucky])
    expect(rankTogether([], [lucky, whole, better])).toEqual([better, whole, lucky])
    const other = toTried(recipes[0] as NetworkRecipe, [0.75])
    expect(rankTogether([], [lucky, other])).toEqual([other, lucky])
  })

  it('goes by the mean where all folds were tried, and puts what was not tried last', () => {
    const network = toTried(recipes[0] as NetworkRecipe, [0.69, 0.8, 0.94])
    const failed = { ...toTried(recipes[1] as NetworkRecipe, []), result: { ...svm.result, status: 'failed' as const } }
    expect(rankTogether([svm], [failed, network])).toEqual([network, svm, failed])
    expect(rankTogether([], [failed, network])).toEqual([network, failed])
  })
})
