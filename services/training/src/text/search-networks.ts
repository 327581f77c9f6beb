import { RapportError, type Log } from '@rapport/core'
import type { CandidateResult } from '@rapport/ml'
import type { ProgressDetails } from '../training-context.ts'
import type { NetworkRecipe } from './networks/network-recipe.ts'
import type { Tried } from './search-texts.ts'
import type { CorpusSplit } from './split-corpus.ts'
import type { TextProblem } from './text-problem.ts'
import { nameOf } from './text-recipe.ts'

export interface NetworkSearchOptions extends Pick<CorpusSplit, 'folds' | 'foldOf'> {
  /** Of scores of rows of the part; the more the better. */
  readonly score: (scores: Float32Array, rows: Int32Array) => number
  readonly budgetMs: number
  readonly signal: AbortSignal
  readonly log: Log
  readonly onStep: (fraction: number, stage: string, details: ProgressDetails) => void
}

/**
 * Cross-validates networks, each on all rows, since on few they say nothing of many. The first is tried whatever the time; the
 * others as long as there is any left, and all folds of one as long as they end, by the pace of its first, within its share of
 * it: otherwise the first fold stands alone.
 */
export async function searchNetworks(
  problem: Pick<TextProblem, 'validate'>,
  recipes: readonly NetworkRecipe[],
  options: NetworkSearchOptions,
): Promise<readonly Tried[]> {
  const started = performance.now()
  const tried: Tried[] = []
  for (const [at, recipe] of recipes.entries()) {
    const leftMs = options.budgetMs - (performance.now() - started)
    const isLate = at > 0 && leftMs <= 0
    const result = isLate
      ? leftOut(recipe, 'the time was over before it was tried')
      : await validate(problem, recipe, {
          ...options,
          budgetMs: leftMs / (recipes.length - at),
          onStep: (fraction, ...said) => options.onStep((at + fraction) / recipes.length, ...said),
        })
    const { name, status, mean, scores, reason } = result
    options.log.info({ candidate: name, status, mean, folds: scores.length, reason }, 'candidate')
    tried.push({ recipe, result })
  }
  return tried
}

async function validate(
  problem: Pick<TextProblem, 'validate'>,
  recipe: NetworkRecipe,
  { folds, foldOf, score, budgetMs, signal, onStep }: NetworkSearchOptions,
): Promise<CandidateResult> {
  const started = performance.now()
  const scores: number[] = []
  let trainRows = 0
  try {
    for (let fold = 0; fold < folds; fold += 1) {
      const say = (part: number): void =>
        onStep((fold + part) / folds, `training a network, fold ${fold + 1} of ${folds}`, {
          candidate: recipe.algorithm,
        })
      say(0)
      const { rows, scores: given } = await problem.validate(recipe, { foldOf, fold }, { signal, onProgress: say })
      scores.push(score(given, rows))
      trainRows = Math.max(trainRows, foldOf.length - rows.length)
      const neededMs = (performance.now() - started) * (folds - 1)
      if (fold === 0 && neededMs > budgetMs) break
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof RapportError)) throw error
    return { ...leftOut(recipe, error.message), status: 'failed' }
  }
  const mean = scores.reduce((sum, each) => sum + each, 0) / scores.length
  const variance = scores.reduce((sum, each) => sum + (each - mean) ** 2, 0) / scores.length
  const elapsedMs = performance.now() - started
  return {
    name: nameOf(recipe),
    status: 'finished',
    scores,
    mean,
    deviation: Math.sqrt(variance),
    trainRows,
    elapsedMs,
  }
}

function leftOut(recipe: NetworkRecipe, reason: string): CandidateResult {
  const nothing = { scores: [], mean: Number.NaN, deviation: Number.NaN, trainRows: 0, elapsedMs: 0 }
  return { name: nameOf(recipe), status: 'left-out', reason, ...nothing }
}

/**
 * Networks among what was tried before, the best first. One of a single fold is compared with the best of the others on that
 * fold, where it must be better by more than the other's scores deviate between the folds.
 */
export function rankTogether(tried: readonly Tried[], networks: readonly Tried[]): readonly Tried[] {
  const best = tried.find(({ result }) => result.status === 'finished')
  const standing = ({ result }: Tried): number => {
    if (result.status !== 'finished') return Number.NEGATIVE_INFINITY
    const { mean, scores } = result
    const isWhole = best === undefined || scores.length >= best.result.scores.length
    if (isWhole) return mean
    const { mean: mostly, deviation, scores: others } = best.result
    return mostly + (scores[0] as number) - (others[0] as number) - deviation
  }
  const finished = [...tried, ...networks].filter((each) => standing(each) > Number.NEGATIVE_INFINITY)
  const others = [...tried, ...networks].filter((each) => !finished.includes(each))
  return [...finished.sort((one, other) => standing(other) - standing(one)), ...others]
}
