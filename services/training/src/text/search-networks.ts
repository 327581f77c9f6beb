import { RapportError, type Log } from '@rapport/core'
import type { CandidateResult } from '@rapport/ml'
import type { ProgressDetails } from '../training-context.ts'
import type { NetworkRecipe } from './networks/network-recipe.ts'
import { leaderOf, type Tried } from './search-texts.ts'
import type { CorpusSplit } from './split-corpus.ts'
import type { TextProblem } from './text-problem.ts'
import { isNetwork, nameOf } from './text-recipe.ts'

export interface NetworkSearchOptions extends Pick<CorpusSplit, 'folds' | 'foldOf'> {
  /** What was tried before, which the progress names the best of. */
  readonly before: readonly Tried[]
  /** Tried after the others where all folds of one have room by the pace of the same network among those. */
  readonly more: readonly NetworkRecipe[]
  /** Of scores of rows of the part; the more the better. */
  readonly score: (scores: Float32Array, rows: Int32Array) => number
  readonly budgetMs: number
  readonly signal: AbortSignal
  readonly log: Log
  readonly onStep: (fraction: number, stage: string, details: ProgressDetails) => void
}

/**
 * Cross-validates networks, each on all rows, since on few they say nothing of many. The first is tried whatever the time; the
 * others as long as there is any left, and of one as many folds as its share of it has room for: before each, all that are
 * left have to end within it by the pace of those before. Time is what the epochs took, so that a job that goes on after an
 * interruption, with the folds that were kept, does the same as one without.
 */
export async function searchNetworks(
  problem: Pick<TextProblem, 'validate'>,
  recipes: readonly NetworkRecipe[],
  options: NetworkSearchOptions,
): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  let leftMs = options.budgetMs
  const all = [...recipes, ...options.more]
  for (const [at, recipe] of all.entries()) {
    const isMore = at >= recipes.length
    const leader = leaderOf(rankTogether(options.before, tried))
    const isLate = isMore ? expectedMs(recipe, tried, options.folds) > leftMs : at > 0 && leftMs <= 0
    const result = isLate
      ? leftOut(recipe, 'the time was over before it was tried')
      : await validate(problem, recipe, {
          ...options,
          budgetMs: isMore ? leftMs : leftMs / (recipes.length - at),
          onStep: (fraction, stage, details) =>
            options.onStep((at + fraction) / all.length, stage, { ...details, ...leader }),
        })
    leftMs -= result.elapsedMs
    const { name, status, mean, scores, reason } = result
    options.log.info({ candidate: name, status, mean, folds: scores.length, reason }, 'candidate')
    tried.push({ recipe, result })
  }
  return tried
}

/** Of all folds; a network that reads longer texts takes longer alike. */
function expectedMs({ algorithm, tokens }: NetworkRecipe, tried: readonly Tried[], folds: number): number {
  for (const { recipe, result } of tried) {
    if (recipe.algorithm !== algorithm || !isNetwork(recipe) || result.scores.length === 0) continue
    return (result.elapsedMs / result.scores.length) * folds * (tokens.length / recipe.tokens.length)
  }
  return Number.POSITIVE_INFINITY
}

async function validate(
  problem: Pick<TextProblem, 'validate'>,
  recipe: NetworkRecipe,
  { folds, foldOf, score, budgetMs, signal, onStep }: NetworkSearchOptions,
): Promise<CandidateResult> {
  const scores: number[] = []
  let trainRows = 0
  let elapsedMs = 0
  const hasRoom = (fold: number): boolean => fold === 0 || (elapsedMs * folds) / fold <= budgetMs
  try {
    for (let fold = 0; fold < folds && hasRoom(fold); fold += 1) {
      const say = (part: number): void =>
        onStep((fold + part) / folds, `training a network, fold ${fold + 1} of ${folds}`, {
          candidate: recipe.algorithm,
        })
      say(0)
      const found = await problem.validate(recipe, { foldOf, fold }, { signal, onProgress: say })
      scores.push(score(found.scores, found.rows))
      trainRows = Math.max(trainRows, foldOf.length - found.rows.length)
      elapsedMs += found.trainingMs
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof RapportError)) throw error
    return { ...leftOut(recipe, error.message), status: 'failed', elapsedMs }
  }
  const mean = meanOf(scores)
  const deviation = Math.sqrt(meanOf(scores.map((each) => (each - mean) ** 2)))
  return { name: nameOf(recipe), status: 'finished', scores, mean, deviation, trainRows, elapsedMs }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length

function leftOut(recipe: NetworkRecipe, reason: string): CandidateResult {
  const nothing = { scores: [], mean: Number.NaN, deviation: Number.NaN, trainRows: 0, elapsedMs: 0 }
  return { name: nameOf(recipe), status: 'left-out', reason, ...nothing }
}

/**
 * Networks among what was tried before, the best first. The measure is the best of those of the most folds: one of fewer is
 * compared with it on these, where it must be better by more than the other's scores deviate between the folds.
 */
export function rankTogether(tried: readonly Tried[], networks: readonly Tried[]): readonly Tried[] {
  const all = [...tried, ...networks]
  const finished = all.filter(({ result }) => result.status === 'finished')
  const most = Math.max(...finished.map(({ result }) => result.scores.length))
  const best = finished
    .filter(({ result }) => result.scores.length === most)
    .reduce<Tried | undefined>((a, b) => (a !== undefined && a.result.mean >= b.result.mean ? a : b), undefined)
  const standing = ({ result: { mean, scores } }: Tried): number => {
    if (best === undefined || scores.length === most) return mean
    const { mean: measure, deviation, scores: others } = best.result
    return measure + mean - meanOf(others.slice(0, scores.length)) - deviation
  }
  const others = all.filter((each) => !finished.includes(each))
  return [...finished.sort((one, other) => standing(other) - standing(one)), ...others]
}
