import { RapportError } from '@rapport/core'
import { describe, expect, it } from 'vitest'
import { generatedReviews, toCorpus } from '../testing/text-datasets.ts'
import { silentLog } from '../testing/text-jobs.ts'
import { compareTexts, toTextLeaderboard, type TextComparison } from './compare-texts.ts'
import { fitWinner } from './fit-winner.ts'
import { defaultNetworkRecipe } from './networks/network-defaults.ts'
import { openNetworksOnce } from './networks/network-trainer.ts'
import { finalistsOf, type Tried } from './search-texts.ts'
import { splitCorpus } from './split-corpus.ts'
import { TextProblem } from './text-problem.ts'
import type { FeatureSet, RowRecipe, TextRecipe } from './text-recipe.ts'
import type { Arena } from './try-recipe.ts'

const signal = new AbortController().signal
const features: FeatureSet = { analyzer: 'word', ngrams: [1, 1], minDf: 1, maxFeatures: 1000 }
const bayes = (alpha: number): RowRecipe => ({ algorithm: 'multinomial-nb', features, parameters: { alpha } })
/** No text has n-grams of so many others. */
const untrainable: RowRecipe = { ...bayes(1), features: { ...features, minDf: 100_000 } }

const toTried = (recipe: TextRecipe, status: Tried['result']['status'] = 'finished'): Tried => ({
  recipe,
  result: { name: recipe.algorithm, status, scores: [0.9], mean: 0.9, deviation: 0, trainRows: 80, elapsedMs: 1 },
})

async function arenaOf(rows: number): Promise<Arena> {
  const corpus = toCorpus(generatedReviews(rows, { language: 'en' }))
  const split = await splitCorpus(corpus, {})
  const [part, held] = [split.train, split.held].map((places) => ({
    texts: Array.from(places, (row) => corpus.texts[row] ?? ''),
    labels: places.map((row) => corpus.labels[row] as number),
    classes: 2,
  }))
  const memoryLimitBytes = 4 * 1024 ** 3
  const networks = openNetworksOnce({ device: 'auto', log: silentLog, memoryLimitBytes })
  const problem = new TextProblem(part!, { memoryLimitBytes, networks })
  return { problem, held: held!, names: corpus.names, split, objective: 'accuracy', memoryLimitBytes, networks }
}

async function compare(tried: readonly Tried[]): Promise<TextComparison> {
  const options = { signal, log: silentLog, budgetMs: 60_000, onProgress: () => undefined }
  return compareTexts(await arenaOf(120), { tried, standing: undefined }, options)
}

describe('a comparison of candidates', () => {
  it('goes on to the next when the winner cannot be trained on the whole part, and shows why', async () => {
    const comparison = await compare([toTried(untrainable), toTried(bayes(0.3)), toTried(bayes(1))])
    expect(comparison.winner.recipe).toEqual(bayes(0.3))
    const [won, fallen] = toTextLeaderboard(comparison)
    expect(won).toMatchObject({ isWinner: true, parameters: { alpha: 0.3 } })
    expect(fallen).toMatchObject({ isWinner: false, declined: expect.stringContaining('n-gram') as string })
  })

  it('judges the best of each other algorithm, also one that left the search early, unless its time is short', async () => {
    const forest: TextRecipe = { algorithm: 'random-forest', features, parameters: { trees: 5, minLeafRows: 1 } }
    const svm: TextRecipe = { algorithm: 'linear-svm', features, parameters: { cost: 1 } }
    const complement: TextRecipe = { algorithm: 'complement-nb', features, parameters: { alpha: 1 } }
    const slow = toTried(forest, 'eliminated')
    const network = defaultNetworkRecipe('text-cnn', ['a text'])
    const { contenders } = await compare([
      toTried(bayes(1)),
      toTried(svm, 'eliminated'),
      { ...slow, result: { ...slow.result, elapsedMs: 60_000 } },
      // One training would fit, but it is trained until it stops and then on all rows.
      { ...slow, recipe: network, result: { ...slow.result, status: 'finished', elapsedMs: 40_000 } },
      { ...toTried(complement, 'left-out'), result: { ...slow.result, status: 'left-out', reason: 'no time' } },
    ])
    const outcomes = contenders.map(({ algorithm, trial }) => [
      algorithm,
      'declined' in trial ? trial.declined : 'judged',
    ])
    expect(outcomes).toEqual([
      ['multinomial-nb', 'judged'],
      ['linear-svm', 'judged'],
      ['random-forest', 'the time would be over before it was judged'],
      ['text-cnn', 'the time would be over before it was judged'],
      ['complement-nb', 'no time'],
    ])
  })

  it('has a winner where the time was over before any candidate was tried to the end', async () => {
    const unscored = toTried(bayes(1), 'left-out')
    const tried = [toTried(bayes(0.3), 'left-out'), { ...unscored, result: { ...unscored.result, scores: [] } }]
    expect(finalistsOf(tried)).toEqual(tried.slice(0, 1))
    expect((await compare(tried)).winner.recipe).toEqual(bayes(0.3))
  })

  it('ends for good when no finished candidate is left', async () => {
    const none = compare([toTried(untrainable), toTried(bayes(0.3), 'eliminated')])
    await expect(none).rejects.toMatchObject({
      name: 'TrainingDataError',
      message: expect.stringMatching(
        /^no candidate can be trained on the whole training part: multinomial-nb: /,
      ) as string,
    })
  })
})

describe('the fit of the winner to all rows', () => {
  const tried = [toTried(bayes(0.3)), toTried(bayes(1))]
  const fitOnly = (recipe: TextRecipe) => (comparison: TextComparison) =>
    comparison.winner.recipe === recipe
      ? Promise.resolve('fitted')
      : Promise.reject(new RapportError('RPT_ML_NOT_CONVERGED', 'did not converge'))

  it('goes on to the next candidate when the winner cannot be fitted, and shows why', async () => {
    const { comparison, fitted } = await fitWinner(tried, { compare, fit: fitOnly(tried[1]!.recipe), signal })
    expect(fitted).toBe('fitted')
    expect(comparison.winner.recipe).toBe(tried[1]!.recipe)
    expect(toTextLeaderboard(comparison)[1]).toMatchObject({ declined: 'did not converge' })
  })

  it('ends for good when none can be fitted', async () => {
    const none = fitWinner(tried, { compare, fit: fitOnly(untrainable), signal })
    await expect(none).rejects.toMatchObject({ name: 'TrainingDataError' })
  })

  it('passes errors of the environment on', async () => {
    const fit = () => Promise.reject(new RangeError('out of memory'))
    await expect(fitWinner(tried, { compare, fit, signal })).rejects.toThrow('out of memory')
  })
})
