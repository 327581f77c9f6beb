import { isDeepStrictEqual } from 'node:util'
import type { TrainingObjective } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import {
  gridSearch,
  halvingSearch,
  type Candidate,
  type CandidateResult,
  type HalvingOptions,
  type SearchOptions,
  type SearchResult,
  type SearchStep,
} from '@rapport/ml'
import { TrainingDataError } from '../errors.ts'
import { seed, type ProgressDetails } from '../training-context.ts'
import { objectiveOfScores } from './text-objective.ts'
import { pickTargets } from './targets.ts'
import type { TextProblem } from './text-problem.ts'
import { isNetwork, nameOf, type RowRecipe, type TextRecipe } from './text-recipe.ts'

/** Up to so many rows every candidate is tried on all of them. */
const gridRows = 3000
/** The first round has at least so large a share of the rows: on fewer, other parameters are best. */
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

/** The one that wins as it stands, as a progress has it. */
export function leaderOf(tried: readonly Tried[]): Pick<ProgressDetails, 'best'> {
  const best = finalistsOf(tried).find(({ unfit }) => unfit === undefined)
  return best === undefined ? {} : { best: { candidate: best.result.name, mean: best.result.mean } }
}

/** @throws TrainingDataError that says why none of them may win. */
export function assertFinalists(tried: readonly Tried[]): void {
  if (finalistsOf(tried).length > 0) return
  const reason = tried.find(({ result }) => result.status === 'failed')?.result.reason
  throw new TrainingDataError(
    'RPT_TRAINING_NO_CANDIDATE',
    `no candidate could be trained: ${reason ?? 'the time was too short for any'}; a larger budget may help`,
  )
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
 * Cross-validates recipes on the training part, the best first: all of them on small parts; on larger ones by successive
 * halving, and then the best one's other parameters on all rows, too, since on few others are best.
 */
export async function searchTexts(
  problem: Pick<TextProblem, 'part' | 'train'>,
  recipes: readonly RowRecipe[],
  options: TextSearchOptions,
): Promise<readonly Tried[]> {
  const { labels, classes } = problem.part
  const { objective, log, ...control } = options
  const search: SearchOptions<Float32Array> & Pick<TextSearchOptions, 'budgetMs'> = {
    ...control,
    labels,
    seed,
    score: (scores, rows) => objectiveOfScores(objective, scores, pickTargets(problem.part, rows)),
  }
  const trainRows = labels.length * (1 - 1 / options.folds)
  const minRows = Math.max(2 * options.folds * classes, Math.floor(trainRows * firstShare))
  const candidates = toCandidates(problem, recipes)
  const tried =
    labels.length <= gridRows
      ? match(recipes, await gridSearch(candidates, search))
      : await halve(problem, recipes, { ...search, minRows })
  for (const { result } of tried) {
    const { name, status, mean, deviation, reason } = result
    log.info({ candidate: name, status, mean, deviation, ...(reason !== undefined && { reason }) }, 'candidate')
  }
  return tried
}

async function halve(
  problem: Pick<TextProblem, 'part' | 'train'>,
  recipes: readonly RowRecipe[],
  search: HalvingOptions<Float32Array> & Pick<TextSearchOptions, 'budgetMs'>,
): Promise<readonly Tried[]> {
  const started = performance.now()
  const tried = match(recipes, await halvingSearch(toCandidates(problem, recipes), search))
  const [best] = tried
  const siblings = recipes.filter((recipe) => {
    const { status } = tried.find((each) => each.recipe === recipe)?.result ?? {}
    return status === 'eliminated' && isSibling(recipe, best?.recipe)
  })
  const budgetMs = search.budgetMs - (performance.now() - started)
  if (best?.result.status !== 'finished' || siblings.length === 0 || budgetMs <= 0) return tried
  const { onProgress: _told, ...control } = search
  const again = match(siblings, await gridSearch(toCandidates(problem, siblings), { ...control, budgetMs }))
  const finished = again.filter(({ result }) => result.status === 'finished')
  const others = tried.filter(({ recipe }) => finished.every((each) => each.recipe !== recipe))
  const isFinished = ({ result }: Tried): boolean => result.status === 'finished'
  const ranked = [...others.filter(isFinished), ...finished].sort((a, b) => b.result.mean - a.result.mean)
  return [...ranked, ...others.filter((each) => !isFinished(each))]
}

const isSibling = (recipe: RowRecipe, other: TextRecipe | undefined): boolean =>
  other !== undefined &&
  !isNetwork(other) &&
  recipe.algorithm === other.algorithm &&
  isDeepStrictEqual(recipe.features, other.features)

const toCandidates = (
  problem: Pick<TextProblem, 'train'>,
  recipes: readonly RowRecipe[],
): readonly Candidate<Float32Array>[] =>
  recipes.map((recipe) => ({
    name: nameOf(recipe),
    fit: (rows, control) => problem.train(recipe, rows, control),
  }))

/** In the order of the results. */
function match(recipes: readonly RowRecipe[], { results }: SearchResult): readonly Tried[] {
  const byName = new Map(recipes.map((recipe) => [nameOf(recipe), recipe]))
  return results.map((result) => ({ recipe: byName.get(result.name) as RowRecipe, result }))
}
