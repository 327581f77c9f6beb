import type { LeaderboardRow } from '@rapport/contracts'
import { RapportError, type Log } from '@rapport/core'
import { TrainingDataError } from '../errors.ts'
import { toLeftSeconds, type ProgressDetails } from '../training-context.ts'
import { judge, judgeMostFrequent, type HeldOutResult } from './held-out.ts'
import { finalistsOf, leaderOf, type Tried } from './search-texts.ts'
import type { StandingVersion } from './text-champion.ts'
import { isNetwork, isSameRecipe, nameOf, toShownParameters, type TextRecipe } from './text-recipe.ts'
import { tryRecipe, type Arena, type Trial } from './try-recipe.ts'

export interface TextContender {
  readonly role: 'champion' | 'challenger'
  readonly algorithm: string
  readonly recipe?: TextRecipe
  /** In the search; undefined when it was not searched for. */
  readonly tried?: Tried
  readonly trial: Trial | HeldOutResult | { readonly declined: string }
}

/** On the held-out part: the champion's recipe, trained on the rows of this job, or where that cannot be the version itself. */
export interface ChampionResult {
  readonly judged: 'recipe' | 'version'
  readonly result: HeldOutResult
}

export interface TextComparison {
  readonly baseline: HeldOutResult
  /** Those that could have won, the winner last; then the others. */
  readonly contenders: readonly TextContender[]
  readonly winner: { readonly recipe: TextRecipe; readonly tried: Tried; readonly trial: Trial }
  /** Undefined when there is none, or it could not be compared. */
  readonly champion: ChampionResult | undefined
}

export interface CompareOptions {
  readonly signal: AbortSignal
  readonly log: Log
  /** For finalists beside the winner and the champion. */
  readonly budgetMs: number
  readonly onProgress: (fraction: number, stage: string, details: ProgressDetails) => void
}

/**
 * Trains the search's winner, the champion's recipe and the best recipe of every other algorithm on the same part and
 * judges all of them on the held-out one, which chooses nothing: it says whether the winner may replace the champion. A
 * winner that cannot be trained on the whole part gives way to the next one of the search. @throws TrainingDataError when
 * none is left.
 */
export async function compareTexts(
  arena: Arena,
  { tried, standing }: { readonly tried: readonly Tried[]; readonly standing: StandingVersion | undefined },
  options: CompareOptions,
): Promise<TextComparison> {
  const { signal, log, budgetMs, onProgress } = options
  const isChampion = (other: TextRecipe): boolean =>
    standing?.recipe !== undefined && isSameRecipe(other, standing.recipe)
  const toEntrant = (each: Tried): Entrant => ({
    role: isChampion(each.recipe) ? 'champion' : 'challenger',
    algorithm: each.recipe.algorithm,
    recipe: each.recipe,
    tried: each,
  })
  const started = performance.now()
  const leftMs = (): number => budgetMs - (performance.now() - started)
  const attempt = async (entrant: Entrant, fraction: number): Promise<TextContender> => {
    const say = (part: number): void =>
      onProgress(fraction + part / expectedEntrants, `judging ${entrant.algorithm}`, {
        candidate: entrant.recipe === undefined ? entrant.algorithm : nameOf(entrant.recipe),
        ...leaderOf(tried),
        leftSeconds: toLeftSeconds(leftMs()),
      })
    say(0)
    const trial = await tryEntrant(entrant, arena, { signal, onProgress: say })
    const outcome = 'metrics' in trial ? trial.metrics : trial
    log.info({ role: entrant.role, algorithm: entrant.algorithm, ...outcome }, 'judged on the held-out part')
    return { ...entrant, trial }
  }
  const contenders = await judgeWinners(finalistsOf(tried).map(toEntrant), (entrant) => attempt(entrant, 0))
  const others = lineUp(tried.map(toEntrant), { standing, judged: contenders })
  for (const [at, entrant] of others.entries()) {
    const left = { rows: arena.problem.part.labels.length, leftMs: leftMs() }
    const reason = entrant.role === 'champion' ? undefined : whyDeclined(entrant, left)
    const fraction = (at + 1) / Math.max(expectedEntrants, others.length + 1)
    contenders.push(
      reason === undefined ? await attempt(entrant, fraction) : { ...entrant, trial: { declined: reason } },
    )
  }
  return conclude(arena, contenders, await championOf(arena, contenders, { standing, signal }))
}

/** Of the way from 0 to 1 each takes the same. */
const expectedEntrants = 5

type Entrant = Omit<TextContender, 'trial'>

/** A challenger that was not tried to the end, or would not be within the time. How it compared on fewer rows is no reason. */
function whyDeclined(
  { recipe, tried }: Entrant,
  { rows, leftMs }: { readonly rows: number; readonly leftMs: number },
): string | undefined {
  const { status, reason, elapsedMs = 0, trainRows = 0, scores = [] } = tried?.result ?? {}
  if (status !== 'finished' && status !== 'eliminated') return reason ?? 'it was not tried to the end'
  // The folds take the most of it again, of all rows; those of a network are kept, and it is trained until it stops and on all.
  const again = recipe !== undefined && isNetwork(recipe) ? (2 * elapsedMs) / Math.max(1, scores.length) : elapsedMs
  const neededMs = (again * rows) / Math.max(1, trainRows)
  return neededMs > leftMs ? 'the time would be over before it was judged' : undefined
}

/** The best that can be trained, last, after those before it that cannot. */
async function judgeWinners(
  entrants: readonly Entrant[],
  attempt: (entrant: Entrant) => Promise<TextContender>,
): Promise<TextContender[]> {
  const judged: TextContender[] = []
  for (const entrant of entrants) {
    const contender = await attempt(entrant)
    judged.push(contender)
    if ('calibration' in contender.trial) return judged
  }
  const reasons = judged.map(({ algorithm, trial }) => `${algorithm}: ${'declined' in trial ? trial.declined : ''}`)
  throw new TrainingDataError(
    'RPT_TRAINING_NO_CANDIDATE',
    `no candidate can be trained on the whole training part: ${reasons.slice(0, 3).join('; ')}`,
  )
}

/** The champion's recipe and the best of every algorithm, without those that were judged. */
function lineUp(
  searched: readonly Entrant[],
  { standing, judged }: { readonly standing: StandingVersion | undefined; readonly judged: readonly TextContender[] },
): readonly Entrant[] {
  const others = searched
    .filter((each, at) => searched.findIndex(({ algorithm }) => algorithm === each.algorithm) === at)
    .filter(({ role, algorithm }) => role === 'challenger' && judged.every((other) => other.algorithm !== algorithm))
  const { recipe } = standing ?? {}
  if (recipe === undefined || judged.some(({ role }) => role === 'champion')) return others
  const champion = searched.find(({ role }) => role === 'champion')
  return [champion ?? { role: 'champion', algorithm: recipe.algorithm, recipe }, ...others]
}

async function tryEntrant(
  { recipe, tried }: Entrant,
  arena: Arena,
  control: Parameters<typeof tryRecipe>[2],
): Promise<TextContender['trial']> {
  if (recipe === undefined) return { declined: 'it was made by no known recipe' }
  if (tried?.unfit !== undefined) return { declined: tried.unfit }
  try {
    return await tryRecipe(recipe, arena, control)
  } catch (error) {
    control.signal?.throwIfAborted()
    if (!(error instanceof RapportError)) throw error
    return { declined: error.message }
  }
}

/** The champion as its recipe was judged, or the version itself where there is no recipe or it could not be trained. */
async function championOf(
  { held, names, objective }: Arena,
  contenders: readonly TextContender[],
  { standing, signal }: { readonly standing: StandingVersion | undefined; readonly signal: AbortSignal },
): Promise<{ readonly contender: TextContender; readonly judged: ChampionResult['judged'] } | undefined> {
  const compared = contenders.find(({ role }) => role === 'champion')
  if (standing === undefined || (compared !== undefined && 'objective' in compared.trial)) {
    return compared && { contender: compared, judged: 'recipe' }
  }
  const probabilities = await standing.classify(held.texts, names, { signal })
  if (probabilities === undefined) return undefined
  const trial = judge(probabilities, held, { names, objective })
  const { algorithm } = standing
  return { contender: { role: 'champion', algorithm, ...compared, trial }, judged: 'version' }
}

function conclude(
  { problem, held, names, objective }: Arena,
  contenders: readonly TextContender[],
  champion: Awaited<ReturnType<typeof championOf>>,
): TextComparison {
  const won = contenders.find(({ trial }) => 'calibration' in trial)
  if (won?.recipe === undefined || won.tried === undefined) throw new Error('the winner was not compared')
  const others = contenders.filter(({ role }) => champion?.judged !== 'version' || role !== 'champion')
  return {
    baseline: judgeMostFrequent(problem.part, held, { names, objective }),
    contenders: champion?.judged === 'version' ? [...others, champion.contender] : contenders,
    winner: { recipe: won.recipe, tried: won.tried, trial: won.trial as Trial },
    champion: champion && { judged: champion.judged, result: champion.contender.trial as HeldOutResult },
  }
}

/** The rows of the job's record: those that were judged, the best first, then the others. */
export function toTextLeaderboard({ baseline, contenders, winner }: TextComparison): LeaderboardRow[] {
  const objectiveOf = ({ trial }: TextContender): number =>
    'objective' in trial ? trial.objective : Number.NEGATIVE_INFINITY
  const rows = contenders
    .toSorted((one, other) => objectiveOf(other) - objectiveOf(one))
    .map((contender) => toRow(contender, contender.recipe === winner.recipe))
  const { objective: _objective, ...figures } = baseline
  return [...rows, { algorithm: 'most-frequent', parameters: {}, role: 'baseline', isWinner: false, ...figures }]
}

function toRow({ role, algorithm, recipe, tried, trial }: TextContender, isWinner: boolean): LeaderboardRow {
  const row = { algorithm, parameters: recipe === undefined ? {} : toShownParameters(recipe), role, isWinner }
  const crossValidation = tried === undefined ? {} : describeFolds(tried)
  if ('declined' in trial) return { ...row, metrics: {}, ...crossValidation, declined: trial.declined }
  const { objective: _objective, ...figures } = trial
  if (!('calibration' in figures)) return { ...row, ...figures, ...crossValidation }
  const { calibration: _calibration, answers: _answers, ...shown } = figures
  return { ...row, ...shown, ...crossValidation }
}

function describeFolds({ result }: Tried): Pick<LeaderboardRow, 'crossValidation'> {
  const { mean, deviation, trainRows, scores } = result
  if (scores.length === 0) return {}
  return { crossValidation: { mean, ...(scores.length > 1 && { deviation }), folds: scores.length, trainRows } }
}
