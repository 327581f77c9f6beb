import type { LeaderboardRow } from '@rapport/contracts'
import { RapportError, type Log } from '@rapport/core'
import { judge, mostFrequentBaseline, type HeldOutResult } from './held-out.ts'
import type { Tried } from './search-texts.ts'
import type { TextChampion } from './text-champion.ts'
import { isSameRecipe, toParameters, type TextRecipe } from './text-recipe.ts'
import { tryRecipe, type Arena, type Trial } from './try-recipe.ts'

export interface TextContender {
  readonly role: 'champion' | 'challenger'
  readonly algorithm: string
  readonly recipe?: TextRecipe
  /** In the search; undefined when it was not searched for. */
  readonly tried?: Tried
  readonly trial: Trial | HeldOutResult | { readonly declined: string }
}

export interface TextComparison {
  readonly baseline: HeldOutResult
  /** The search's winner, first. */
  readonly contenders: readonly TextContender[]
  readonly winner: { readonly recipe: TextRecipe; readonly tried: Tried; readonly trial: Trial }
  /** What serves now, on the same part. */
  readonly champion: HeldOutResult | undefined
}

export interface CompareOptions {
  readonly signal: AbortSignal
  readonly log: Log
  /** For finalists beside the winner and the champion. */
  readonly budgetMs: number
  readonly onProgress: (fraction: number, message: string) => void
}

/**
 * Trains the search's winner, the champion's recipe and the best recipe of every other algorithm on the same part and
 * judges all of them on the held-out one, which chooses nothing: it says whether the winner may replace the champion.
 */
export async function compareTexts(
  arena: Arena,
  { tried, champion }: { readonly tried: readonly Tried[]; readonly champion: TextChampion },
  options: CompareOptions,
): Promise<TextComparison> {
  const { signal, log, budgetMs, onProgress } = options
  const entrants = lineUp(tried, champion)
  const contenders: TextContender[] = []
  const started = performance.now()
  for (const [at, entrant] of entrants.entries()) {
    const isOptional = at > 0 && entrant.role === 'challenger'
    const { reason, status } = entrant.tried?.result ?? {}
    const isLate = isOptional && performance.now() - started > budgetMs
    if (isOptional && (isLate || status !== 'finished')) {
      contenders.push({ ...entrant, trial: { declined: reason ?? 'the time was over before it was judged' } })
      continue
    }
    onProgress(at / entrants.length, `judging ${entrant.algorithm}`)
    const control = {
      signal,
      onProgress: (part: number): void => onProgress((at + part) / entrants.length, `judging ${entrant.algorithm}`),
    }
    const trial = await tryEntrant(entrant, arena, control)
    contenders.push({ ...entrant, trial })
    const outcome = 'metrics' in trial ? trial.metrics : trial
    log.info({ role: entrant.role, algorithm: entrant.algorithm, ...outcome }, 'judged on the held-out part')
  }
  return conclude(arena, contenders, await championOf(arena, contenders, { champion, signal }))
}

type Entrant = Omit<TextContender, 'trial'>

/** The winner, the champion's recipe, the best of every other algorithm. A challenger with the champion's recipe is the champion. */
function lineUp(tried: readonly Tried[], { recipe }: TextChampion): readonly Entrant[] {
  const isChampion = (other: TextRecipe): boolean => recipe !== undefined && isSameRecipe(other, recipe)
  const bestOfEach = tried.filter(
    (each, at) => tried.findIndex((other) => other.recipe.algorithm === each.recipe.algorithm) === at,
  )
  const [winner, ...others] = bestOfEach.map((each): Entrant => ({
    role: isChampion(each.recipe) ? 'champion' : 'challenger',
    algorithm: each.recipe.algorithm,
    recipe: each.recipe,
    tried: each,
  }))
  const entered = [winner, ...others].filter((entrant) => entrant !== undefined)
  if (recipe === undefined || entered.some(({ role }) => role === 'champion')) return entered
  const searched = tried.find((each) => isSameRecipe(each.recipe, recipe))
  const standing: Entrant = {
    role: 'champion',
    algorithm: recipe.algorithm,
    recipe,
    ...(searched && { tried: searched }),
  }
  return [...entered.slice(0, 1), standing, ...entered.slice(1)]
}

async function tryEntrant(
  { recipe }: Entrant,
  arena: Arena,
  control: Parameters<typeof tryRecipe>[2],
): Promise<TextContender['trial']> {
  if (recipe === undefined) return { declined: 'it was made by no known recipe' }
  try {
    return await tryRecipe(recipe, arena, control)
  } catch (error) {
    control.signal?.throwIfAborted()
    if (!(error instanceof RapportError)) throw error
    return { declined: error.message }
  }
}

async function championOf(
  { held, names, objective }: Arena,
  contenders: readonly TextContender[],
  { champion, signal }: { readonly champion: TextChampion; readonly signal: AbortSignal },
): Promise<TextContender | undefined> {
  const compared = contenders.find(({ role }) => role === 'champion')
  if (compared !== undefined) return compared
  const probabilities = await champion.classify?.(held.texts, names, { signal })
  if (probabilities === undefined) return undefined
  const algorithm = champion.algorithm ?? 'unknown'
  return { role: 'champion', algorithm, trial: judge(probabilities, held, { names, objective }) }
}

function conclude(
  { problem, held, names, objective }: Arena,
  contenders: readonly TextContender[],
  champion: TextContender | undefined,
): TextComparison {
  const [first] = contenders
  if (first?.recipe === undefined || first.tried === undefined) throw new Error('the winner was not compared')
  if (!('calibration' in first.trial)) {
    const reason = 'declined' in first.trial ? first.trial.declined : 'it was not judged'
    throw new RapportError('RPT_TRAINING_WINNER', `${first.algorithm} has won, but cannot be trained whole: ${reason}`)
  }
  const all = champion === undefined || contenders.includes(champion) ? contenders : [...contenders, champion]
  return {
    baseline: judge(mostFrequentBaseline(problem.part, held), held, { names, objective }),
    contenders: all,
    winner: { recipe: first.recipe, tried: first.tried, trial: first.trial },
    champion: champion !== undefined && 'objective' in champion.trial ? champion.trial : undefined,
  }
}

/** The rows of the job's record: those that were judged, the best first, then the others. */
export function toTextLeaderboard({ baseline, contenders, winner }: TextComparison, folds: number): LeaderboardRow[] {
  const objectiveOf = ({ trial }: TextContender): number =>
    'objective' in trial ? trial.objective : Number.NEGATIVE_INFINITY
  const rows = contenders
    .toSorted((one, other) => objectiveOf(other) - objectiveOf(one))
    .map((contender) => toRow(contender, { folds, isWinner: contender.recipe === winner.recipe }))
  const { objective: _objective, ...figures } = baseline
  return [...rows, { algorithm: 'most-frequent', parameters: {}, role: 'baseline', isWinner: false, ...figures }]
}

function toRow(
  { role, algorithm, recipe, tried, trial }: TextContender,
  { folds, isWinner }: { readonly folds: number; readonly isWinner: boolean },
): LeaderboardRow {
  const row = { algorithm, parameters: recipe === undefined ? {} : toParameters(recipe), role, isWinner }
  const { mean, deviation, trainRows, scores = [] } = tried?.result ?? {}
  const isValidated = mean !== undefined && deviation !== undefined && trainRows !== undefined && scores.length > 0
  const crossValidation = isValidated ? { crossValidation: { mean, deviation, folds, trainRows } } : {}
  if ('declined' in trial) return { ...row, metrics: {}, ...crossValidation, declined: trial.declined }
  const { objective: _objective, ...figures } = trial
  if (!('calibration' in figures)) return { ...row, ...figures, ...crossValidation }
  const { calibration: _calibration, ...shown } = figures
  return { ...row, ...shown, ...crossValidation }
}
