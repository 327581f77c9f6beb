import { argumentError } from '../errors.ts'
import type { Candidate } from './candidate.ts'
import { compareContenders, EvaluationRun, type SearchOptions, type SearchResult } from './evaluation-run.ts'
import { stratifiedSample } from './stratified-folds.ts'

export interface HalvingOptions<Prediction> extends SearchOptions<Prediction> {
  /** The share that a round keeps is 1 / factor, and its training rows grow by the factor; 3 when absent. */
  readonly factor?: number
  /** Training rows of the first round at the least, 2 a class and fold when absent; more where the last round has all. */
  readonly minRows?: number
}

/**
 * Scores every candidate in stratified cross-validation. Candidates run in the order given, so cheap ones should come first
 * where there is a budget: one whose remaining folds, at its own pace, would not end in time is left out and says so.
 * Rejects with the signal's reason once aborted. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function gridSearch<Prediction>(
  candidates: readonly Candidate<Prediction>[],
  options: SearchOptions<Prediction>,
): Promise<SearchResult> {
  using run = new EvaluationRun(candidates, options)
  await run.runRound(run.contenders, { index: 0, count: 1, splits: run.splits })
  return run.toResult()
}

/**
 * Successive halving (Jamieson and Talwalkar 2016) over training rows, with the schedule of scikit-learn's
 * HalvingGridSearchCV: all candidates on few rows, the best 1 / factor of them on factor times as many, and so on. Each round
 * scores on the whole held-out folds; the rows of a round are part of the next one's, and the last one has all. Budget and abort as in `gridSearch`: when the
 * time ends within a round, the candidates that finished it come before those that did not. One that at its pace would need
 * more than two fifths of the budget in the last round is left out as soon as another is there that would not. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function halvingSearch<Prediction>(
  candidates: readonly Candidate<Prediction>[],
  options: HalvingOptions<Prediction>,
): Promise<SearchResult> {
  const { labels, folds, seed, factor = 3 } = options
  if (!(factor > 1)) throw argumentError('factor', `is ${factor}, not more than 1`)
  using run = new EvaluationRun(candidates, options)
  const maxRows = Math.max(...run.splits.map(({ train }) => train.length))
  const schedule = halvingSchedule({
    candidates: candidates.length,
    maxRows,
    minRows: options.minRows ?? 2 * folds * new Set(labels).size,
    factor,
  })
  let alive = [...run.contenders]
  for (const [index, rows] of schedule.entries()) {
    const splits = run.splits.map(({ train, held }) => ({ train: stratifiedSample(labels, train, rows, seed), held }))
    await run.runRound(alive, { index, count: schedule.length, splits })
    const finished = alive.filter((contender) => contender.round === index).sort(compareContenders)
    if (index === schedule.length - 1 || finished.length === 0) break
    const kept = Math.ceil(finished.length / factor)
    for (const contender of finished.slice(kept)) {
      contender.leave('eliminated', `not among the best ${kept} of ${finished.length} on ${rows} rows`)
    }
    alive = finished.slice(0, kept)
  }
  return run.toResult()
}

/**
 * Training rows of every round: of the last one all, and as many rounds as leave one candidate, fewer where the first would
 * have fewer than `minRows`.
 */
export function halvingSchedule(plan: {
  readonly candidates: number
  readonly minRows: number
  readonly maxRows: number
  readonly factor: number
}): number[] {
  const { candidates, minRows, maxRows, factor } = plan
  const rounding = 1e-9
  const powers = (ratio: number): number => 1 + Math.floor(Math.log(Math.max(1, ratio)) / Math.log(factor) + rounding)
  const rounds = Math.min(powers(candidates), powers(maxRows / Math.max(1, minRows)))
  const first = Math.max(1, Math.floor(maxRows / factor ** (rounds - 1)))
  return Array.from({ length: rounds }, (_, round) =>
    round === rounds - 1 ? maxRows : Math.min(maxRows, Math.floor(first * factor ** round)),
  )
}
