import type { LeaderboardRow } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { plainPopularity } from './candidates.ts'
import { isSameRecipe, type Recipe } from './recipe.ts'
import type { SearchResult } from './search.ts'
import { type Arena, scoreOf, type Trial } from './trial.ts'

export interface Contender {
  readonly role: 'baseline' | 'champion' | 'challenger'
  readonly trial: Trial
}

export interface Comparison {
  readonly contenders: readonly Contender[]
  /** All-time popularity. Popularity that fades is compared as well, and nothing has to beat it: trends are a route of their own. */
  readonly baseline: Contender
  /** The best that beats popularity; the champion's recipe when none is better. Undefined when nothing beats popularity. */
  readonly winner: Contender | undefined
}

export interface CompareOptions {
  readonly signal: AbortSignal
  readonly log: Log
  readonly onProgress: (fraction: number, message: string) => void
}

/**
 * Trains the champion's recipe, the best recipe of each algorithm and popularity on the same part, and scores all of them
 * on the same later part.
 */
export async function compareRecipes(
  arena: Arena,
  entrants: { readonly found: SearchResult; readonly champion: Recipe | undefined },
  options: CompareOptions,
): Promise<Comparison> {
  const contenders: Contender[] = []
  const { found, champion } = entrants
  const entered = lineUp(found, champion)
  for (const [at, { role, trial }] of entered.entries()) {
    const { algorithm } = trial.recipe
    options.onProgress(at / entered.length, `comparing ${algorithm}`)
    // What could not be tried on the smaller part is not tried on the larger one.
    const result =
      'declined' in trial ? trial : await arena.try(trial.recipe, { signal: options.signal, log: options.log })
    contenders.push({ role, trial: result })
    const outcome = 'metrics' in result ? result.metrics : { declined: result.declined }
    options.log.info({ role, algorithm, ...outcome }, 'compared on the test part')
  }
  return decide(contenders)
}

/** A challenger with the champion's recipe is the champion. */
function lineUp(found: SearchResult, champion: Recipe | undefined): readonly Contender[] {
  const baseline = waiting('baseline', plainPopularity)
  const isEntered = ({ recipe }: Trial): boolean =>
    !isSameRecipe(recipe, plainPopularity) && (champion === undefined || !isSameRecipe(recipe, champion))
  const others = [...found.values()].filter(isEntered).map((trial): Contender => {
    return { role: trial.recipe.algorithm === 'popularity' ? 'baseline' : 'challenger', trial }
  })
  const hasChampion = champion !== undefined && champion.algorithm !== 'popularity'
  return [baseline, ...others, ...(hasChampion ? [waiting('champion', champion)] : [])]
}

const waiting = (role: Contender['role'], recipe: Recipe): Contender => ({
  role,
  trial: { recipe, metrics: {}, trainingSeconds: 0 },
})

function decide(contenders: readonly Contender[]): Comparison {
  const [baseline] = contenders
  if (baseline === undefined) throw new Error('popularity was not compared')
  const bar = scoreOf(baseline.trial)
  // Of equals the champion stays.
  const best = contenders
    .filter(({ role, trial }) => role !== 'baseline' && scoreOf(trial) > bar)
    .sort((left, right) => {
      const byScore = scoreOf(right.trial) - scoreOf(left.trial)
      return byScore || Number(right.role === 'champion') - Number(left.role === 'champion')
    })[0]
  return { contenders, baseline, winner: best }
}

/** The rows of the job's record, the best first. */
export function toLeaderboard({ contenders, winner }: Comparison): LeaderboardRow[] {
  return contenders
    .toSorted((left, right) => scoreOf(right.trial) - scoreOf(left.trial))
    .map((contender) => toRow(contender, contender === winner))
}

function toRow({ role, trial }: Contender, isWinner: boolean): LeaderboardRow {
  const { algorithm, parameters } = trial.recipe
  const row = { algorithm, parameters: { ...parameters }, role, isWinner }
  if ('declined' in trial) return { ...row, metrics: {}, declined: trial.declined }
  return { ...row, metrics: { ...trial.metrics }, trainingSeconds: trial.trainingSeconds }
}
