import type { TrainingObjective } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import {
  gridSearch,
  halvingSearch,
  type Candidate,
  type CandidateResult,
  type SearchOptions,
  type SearchStep,
} from '@rapport/ml'
import { TrainingDataError } from '../errors.ts'
import { seed } from '../training-context.ts'
import { objectiveOfScores } from './text-objective.ts'
import { pickTargets } from './targets.ts'
import type { TextProblem } from './text-problem.ts'
import { nameOf, type TextRecipe } from './text-recipe.ts'

/** Up to so many rows every candidate is tried on all of them. */
const gridRows = 3000
/** The first of three rounds has so large a share of the rows: on fewer, other parameters are best. */
const firstShare = 1 / 9

export interface Tried {
  readonly recipe: TextRecipe
  readonly result: CandidateResult
  /** Why it cannot be fitted to all rows, when that was tried. */
  readonly unfit?: string
}

/**
 * Those that may win, the best first: what was tried to the end or, where the time was over before that, what was scored on
 * all folds of fewer rows.
 */
export function finalistsOf(tried: readonly Tried[]): readonly Tried[] {
  const finished = tried.filter(({ result }) => result.status === 'finished')
  return finished.length > 0 ? finished : tried.filter(({ result }) => result.scores.length > 0)
}

export interface TextSearchOptions {
  readonly objective: TrainingObjective
  readonly folds: number
  readonly foldOf: Int32Array
  readonly budgetMs: number
  readonly signal: AbortSignal
  readonly log: Log
  readonly onStep: (step: SearchStep) => void
  readonly onProgress: (fraction: number) => void
}

/**
 * Cross-validates recipes on the training part, the best first: all of them on small parts, by successive halving on larger
 * ones. @throws TrainingDataError when the time was too short for any.
 */
export async function searchTexts(
  problem: TextProblem,
  recipes: readonly TextRecipe[],
  options: TextSearchOptions,
): Promise<readonly Tried[]> {
  const { labels, classes } = problem.part
  const { objective, log, ...control } = options
  const byName = new Map(recipes.map((recipe) => [nameOf(recipe), recipe]))
  const candidates = [...byName].map(([name, recipe]): Candidate<Float32Array> => ({
    name,
    fit: (rows, control) => problem.train(recipe, rows, control),
  }))
  const search: SearchOptions<Float32Array> = {
    ...control,
    labels,
    seed,
    score: (scores, rows) => objectiveOfScores(objective, scores, pickTargets(problem.part, rows)),
  }
  const trainRows = labels.length * (1 - 1 / options.folds)
  const minRows = Math.max(2 * options.folds * classes, Math.floor(trainRows * firstShare))
  const { winner, results } =
    labels.length <= gridRows
      ? await gridSearch(candidates, search)
      : await halvingSearch(candidates, { ...search, minRows })
  const tried = results.map((result) => ({ recipe: byName.get(result.name) as TextRecipe, result }))
  for (const { result } of tried) {
    const { name, status, mean, deviation, reason } = result
    log.info({ candidate: name, status, mean, deviation, ...(reason !== undefined && { reason }) }, 'candidate')
  }
  if (winner !== undefined) return tried
  const reason = results.find(({ status }) => status === 'failed')?.reason ?? 'the time was too short for any'
  throw new TrainingDataError(
    'RPT_TRAINING_NO_CANDIDATE',
    `no candidate could be trained: ${reason}; a larger budget may help`,
  )
}
