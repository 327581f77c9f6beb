import { multiLabelAlgorithms, type TextAlgorithm, type TrainingJob, type TrainingObjective } from '@rapport/contracts'
import { TrainingDataError } from '../errors.ts'
import { toLeftSeconds, within, type TrainingContext } from '../training-context.ts'
import { rankTogether, searchNetworks } from './search-networks.ts'
import { assertFinalists, searchTexts, type Tried } from './search-texts.ts'
import type { CorpusSplit } from './split-corpus.ts'
import {
  candidateRecipes,
  characterRecipes,
  defaultAlgorithms,
  featureSetsOf,
  networkRecipes,
  type ReadingWish,
} from './text-candidates.ts'
import { objectiveOfScores } from './text-objective.ts'
import { pickTargets } from './targets.ts'
import type { TextProblem } from './text-problem.ts'

/** Of the budget, whatever the reading of features has taken. */
const leastSearchShare = 0.5
/** Of the budget, for what learns from rows of features where there are networks beside it. */
const rowsShare = 0.5

/** What a search is asked for. */
export type RecipeWish = Pick<TrainingJob, 'algorithms' | 'objective' | 'budgetSeconds' | 'device'> & ReadingWish
interface Wish extends ReadingWish, Pick<RecipeWish, 'budgetSeconds'> {
  readonly algorithms: readonly TextAlgorithm[]
  readonly objective: TrainingObjective
}
type Split = Pick<CorpusSplit, 'folds' | 'foldOf'>
type Context = Pick<TrainingContext, 'signal' | 'log' | 'report'>

/**
 * Searches over features, algorithms and parameters on the training part, the best first: on rows of features, then
 * networks. Reports fractions from 0 to 1. @throws TrainingDataError when no candidate could be trained.
 */
export async function chooseRecipe(
  problem: TextProblem,
  split: Split,
  { objective = 'accuracy', ...asked }: RecipeWish,
  context: Context,
): Promise<readonly Tried[]> {
  const { texts, sets } = problem.part
  const { signal, log } = context
  const { budgetSeconds } = asked
  const algorithms = algorithmsFor(
    asked.algorithms ?? defaultAlgorithms(texts.length, asked.device),
    sets !== undefined,
  )
  const started = performance.now()
  const leftMs = (): number => 1000 * budgetSeconds - (performance.now() - started)
  const report: Context['report'] = (fraction, stage, details) =>
    context.report(fraction, stage, { ...details, leftSeconds: toLeftSeconds(leftMs()) })
  const networks = networkRecipes(algorithms, texts, { ...asked, objective })
  const share = networks.length === 0 ? 1 : rowsShare
  const tried = await searchRows(
    problem,
    split,
    { ...asked, objective, algorithms, budgetSeconds: share * budgetSeconds },
    {
      ...context,
      report: (fraction, ...said) => report(share * fraction, ...said),
    },
  )
  const found = await searchNetworks(problem, networks, {
    ...split,
    before: tried,
    more: characterRecipes(networks, texts),
    score: (scores, rows) => objectiveOfScores(objective, scores, pickTargets(problem.part, rows)),
    budgetMs: Math.max(0, leftMs()),
    signal,
    log,
    onStep: (fraction, ...said) => report(within(share, 1, fraction), ...said),
  })
  const ranked = rankTogether(tried, found)
  assertFinalists(ranked)
  return ranked
}

/** @throws TrainingDataError when none of them learns labels that do not exclude each other. */
function algorithmsFor(algorithms: readonly TextAlgorithm[], isMultiLabel: boolean): readonly TextAlgorithm[] {
  if (!isMultiLabel) return algorithms
  const able = algorithms.filter((algorithm) => multiLabelAlgorithms.some((known) => known === algorithm))
  if (able.length > 0) return able
  const message = `rows with several labels are learnt by ${multiLabelAlgorithms.join(' and ')} alone`
  throw new TrainingDataError('RPT_TRAINING_NO_CANDIDATE', message)
}

/** None where networks alone are asked for. */
async function searchRows(
  problem: TextProblem,
  { folds, foldOf }: Split,
  { objective, algorithms, budgetSeconds, ...reading }: Wish,
  { signal, log, report }: Context,
): Promise<readonly Tried[]> {
  const { texts } = problem.part
  const started = performance.now()
  const featureSets = featureSetsOf(texts, reading)
  const recipes = candidateRecipes(algorithms, featureSets, objective)
  if (recipes.length === 0) return []
  for (const features of featureSets) {
    report(0, `reading ${features.analyzer} features`)
    await problem.count(features, { signal })
  }
  const budgetMs = budgetSeconds * 1000
  log.info({ rows: texts.length, folds, candidates: recipes.length }, 'searching')
  let fraction = 0
  return searchTexts(problem, recipes, {
    objective,
    folds,
    foldOf,
    budgetMs: Math.max(leastSearchShare * budgetMs, budgetMs - (performance.now() - started)),
    signal,
    log,
    onProgress: (part) => {
      fraction = part
    },
    onStep: ({ candidate, round, rounds, best }) =>
      report(fraction, `searching, round ${round + 1} of ${rounds}`, {
        candidate,
        ...(best !== undefined && { best }),
      }),
  })
}
