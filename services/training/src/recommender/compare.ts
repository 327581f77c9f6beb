import type { LeaderboardRow } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { plainPopularity } from './candidates.ts'
import { isSameRecipe, type Recipe } from './recipe.ts'
import type { SearchResult } from './search.ts'
import { type Arena, scoreOf, type Trial } from './trial.ts'

export interface Contender {
  readonly role: 'baseline' | 'champion' | 'challenger'
  /** On the test part. */
  readonly trial: Trial
  /** On the validation part; undefined when the search has not tried the recipe. */
  readonly validation: Trial | undefined
}

export interface Comparison {
  readonly contenders: readonly Contender[]
  /** All-time popularity. Popularity that fades is compared as well, and nothing has to beat it: trends are a route of their own. */
  readonly baseline: Contender
  /**
   * The challenger that was best on the validation part, when it is better than the champion on the test part; otherwise the
   * champion. Undefined when neither beats popularity there.
   */
  readonly winner: Contender | undefined
}

export interface CompareOptions {
  readonly signal: AbortSignal
  readonly log: Log
  readonly onProgress: (fraction: number, message: string) => void
}

/**
 * Trains the champion's recipe, the best recipe of each algorithm and popularity on the same part, and scores all of them
 * on the same later part. No choice among the algorithms is made there, or the winner's figure would be too good: the test
 * part says whether what validation has chosen may replace the champion.
 */
export async function compareRecipes(
  arena: Arena,
  entrants: { readonly found: SearchResult; readonly champion: Recipe | undefined },
  options: CompareOptions,
): Promise<Comparison> {
  const contenders: Contender[] = []
  const { found, champion } = entrants
  const entered = lineUp(found, champion)
  for (const [at, { role, trial, validation }] of entered.entries()) {
    const { algorithm } = trial.recipe
    options.onProgress(at / entered.length, `comparing ${algorithm}`)
    // What could not be tried on the smaller part is not tried on the larger one.
    const result =
      'declined' in trial ? trial : await arena.try(trial.recipe, { signal: options.signal, log: options.log })
    contenders.push({ role, trial: result, validation })
    const outcome = 'metrics' in result ? result.metrics : { declined: result.declined }
    options.log.info({ role, algorithm, ...outcome }, 'compared on the test part')
  }
  return decide(contenders)
}

/** A challenger with the champion's recipe is the champion. */
function lineUp(found: SearchResult, champion: Recipe | undefined): readonly Contender[] {
  const isEntered = ({ recipe }: Trial): boolean =>
    !isSameRecipe(recipe, plainPopularity) && (champion === undefined || !isSameRecipe(recipe, champion))
  const others = [...found.values()].filter(isEntered).map((trial): Contender => {
    return { role: trial.recipe.algorithm === 'popularity' ? 'baseline' : 'challenger', trial, validation: trial }
  })
  const waiting = (role: Contender['role'], recipe: Recipe): Contender => {
    const searched = found.get(recipe.algorithm)
    const validation = searched !== undefined && isSameRecipe(searched.recipe, recipe) ? searched : undefined
    return { role, trial: { recipe, metrics: {}, trainingSeconds: 0 }, validation }
  }
  const hasChampion = champion !== undefined && champion.algorithm !== 'popularity'
  return [waiting('baseline', plainPopularity), ...others, ...(hasChampion ? [waiting('champion', champion)] : [])]
}

function decide(contenders: readonly Contender[]): Comparison {
  const [baseline] = contenders
  if (baseline === undefined) throw new Error('popularity was not compared')
  const personal = contenders.filter(({ role, trial }) => role !== 'baseline' && 'metrics' in trial)
  const champion = personal.find(({ role }) => role === 'champion')
  const chosen = best(
    personal.filter(({ validation }) => validation !== undefined),
    ({ validation }) => (validation === undefined ? Number.NEGATIVE_INFINITY : scoreOf(validation)),
  )
  const onTest = ({ trial }: Contender): number => scoreOf(trial)
  const finalists = [champion, chosen].filter((contender) => contender !== undefined)
  const winner = best(
    finalists.filter((contender) => onTest(contender) > onTest(baseline)),
    onTest,
  )
  return { contenders, baseline, winner }
}

/** Of equals the champion. */
const best = (contenders: readonly Contender[], score: (contender: Contender) => number): Contender | undefined =>
  contenders.toSorted((left, right) => {
    const byScore = score(right) - score(left)
    return byScore || Number(right.role === 'champion') - Number(left.role === 'champion')
  })[0]

/** The rows of the job's record, the best on the test part first. */
export function toLeaderboard({ contenders, winner }: Comparison): LeaderboardRow[] {
  return contenders
    .toSorted((left, right) => scoreOf(right.trial) - scoreOf(left.trial))
    .map((contender) => toRow(contender, contender === winner))
}

function toRow({ role, trial, validation }: Contender, isWinner: boolean): LeaderboardRow {
  const { algorithm, parameters } = trial.recipe
  const validationMetrics =
    validation !== undefined && 'metrics' in validation ? { validationMetrics: { ...validation.metrics } } : {}
  const row = { algorithm, parameters: { ...parameters }, role, isWinner, ...validationMetrics }
  if ('declined' in trial) return { ...row, metrics: {}, declined: trial.declined }
  return { ...row, metrics: { ...trial.metrics }, trainingSeconds: trial.trainingSeconds }
}
