import { RapportError, type Clock } from '@rapport/core'
import { argumentError } from '../errors.ts'
import type { TrainingControl } from '../training-control.ts'
import type { Candidate, CandidateResult, CandidateStatus, SearchStep } from './candidate.ts'
import { splitFold, stratifiedFolds, type Split } from './stratified-folds.ts'
import { TimeBudget } from './time-budget.ts'

export interface SearchOptions<Prediction> extends TrainingControl {
  /** Class of every row; the folds are stratified by it. */
  readonly labels: Int32Array
  readonly folds: number
  /** Fold of every row (0 .. folds - 1) in place of a stratified draw, for instance so that rows that belong together stay so. */
  readonly foldOf?: Int32Array
  readonly seed: number
  /** How good a prediction of those held-out rows is; more is better. */
  readonly score: (prediction: Prediction, rows: Int32Array) => number
  /** Candidates that do not fit it any more are left out; no limit when absent. */
  readonly budgetMs?: number
  readonly clock?: Clock
  readonly onStep?: (step: SearchStep) => void
}

export interface SearchResult {
  /** The best candidate; undefined when none was scored on all folds. */
  readonly winner: string | undefined
  /** Best first; then those without scores. */
  readonly results: readonly CandidateResult[]
}

/** What the folds of one candidate may take in the last round of halving. */
const mostOfBudget = 0.4

export interface Round {
  readonly index: number
  readonly count: number
  readonly splits: readonly Split[]
}

/** A candidate on its way through the rounds. */
export class Contender<Prediction> {
  readonly candidate: Candidate<Prediction>
  status: CandidateStatus = 'finished'
  reason: string | undefined
  /** Of the last round that it finished; -1 before. */
  round = -1
  scores: readonly number[] = []
  trainRows = 0
  elapsedMs = 0
  /** The slowest fold so far. */
  msPerRow = 0

  constructor(candidate: Candidate<Prediction>) {
    this.candidate = candidate
  }

  get mean(): number {
    return this.scores.length === 0 ? Number.NaN : this.scores.reduce((a, b) => a + b) / this.scores.length
  }

  leave(status: CandidateStatus, reason: string): undefined {
    this.status = status
    this.reason = reason
  }

  toResult(): CandidateResult {
    const { mean, scores, status, reason, trainRows, elapsedMs } = this
    const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length
    const name = this.candidate.name
    const result = { name, status, scores, mean, deviation: Math.sqrt(variance), trainRows, elapsedMs }
    return reason === undefined ? result : { ...result, reason }
  }
}

/** Scores contenders round by round within one budget. */
export class EvaluationRun<Prediction> implements Disposable {
  readonly contenders: readonly Contender<Prediction>[]
  readonly splits: readonly Split[]
  private readonly options: SearchOptions<Prediction>
  private readonly budget: TimeBudget

  constructor(candidates: readonly Candidate<Prediction>[], options: SearchOptions<Prediction>) {
    const names = new Set(candidates.map(({ name }) => name))
    if (names.size !== candidates.length) throw argumentError('candidates', 'has two of one name')
    this.options = options
    this.contenders = candidates.map((candidate) => new Contender(candidate))
    const { labels, folds, seed, foldOf = stratifiedFolds(labels, folds, seed) } = options
    if (foldOf.length !== labels.length) {
      throw argumentError('foldOf', `has ${foldOf.length} entries for ${labels.length} rows`)
    }
    this.splits = Array.from({ length: folds }, (_, fold) => splitFold(foldOf, fold))
    options.signal?.throwIfAborted()
    this.budget = new TimeBudget(options.budgetMs, options.clock, options.signal)
  }

  /** Scores those contenders on every split. Rejects with the caller's abort, and with a bug of a trainer. */
  async runRound(contenders: readonly Contender<Prediction>[], round: Round): Promise<void> {
    for (const [index, contender] of contenders.entries()) {
      await this.evaluate(contender, round, index / contenders.length, 1 / contenders.length)
    }
  }

  toResult(): SearchResult {
    this.options.onProgress?.(1)
    const sorted = [...this.contenders].sort(compareContenders)
    const first = sorted[0]
    return {
      winner: first !== undefined && first.round >= 0 ? first.candidate.name : undefined,
      results: sorted.map((contender) => contender.toResult()),
    }
  }

  [Symbol.dispose](): void {
    this.budget[Symbol.dispose]()
  }

  private async evaluate(contender: Contender<Prediction>, round: Round, from: number, share: number): Promise<void> {
    const scores: number[] = []
    for (const [fold, split] of round.splits.entries()) {
      if (!this.fits(contender, round.splits.slice(fold)) || !this.mayFinish(contender, round)) return
      this.announce(contender, round, fold)
      const onProgress = (part: number): void => {
        const inRound = from + (share * (fold + Math.min(1, part))) / round.splits.length
        this.options.onProgress?.((round.index + inRound) / round.count)
      }
      const score = await this.scoreFold(contender, split, onProgress)
      if (score === undefined) return
      scores.push(score)
      onProgress(1)
    }
    contender.scores = scores
    contender.round = round.index
    contender.trainRows = Math.max(...round.splits.map(({ train }) => train.length))
  }

  /** Undefined when the contender is out. */
  private async scoreFold(
    contender: Contender<Prediction>,
    { train, held }: Split,
    onProgress: (part: number) => void,
  ): Promise<number | undefined> {
    const started = this.budget.now()
    try {
      const predict = await contender.candidate.fit(train, { signal: this.budget.signal, onProgress })
      const prediction = await predict(held)
      this.options.signal?.throwIfAborted()
      if (this.budget.signal.aborted) return contender.leave('left-out', 'its time was over while it was trained')
      return this.options.score(prediction, held)
    } catch (error) {
      this.options.signal?.throwIfAborted()
      if (this.budget.signal.aborted) return contender.leave('left-out', 'its time was over while it was trained')
      if (!(error instanceof RapportError)) throw error
      return contender.leave('failed', error.message)
    } finally {
      const elapsed = this.budget.now() - started
      contender.elapsedMs += elapsed
      contender.msPerRow = Math.max(contender.msPerRow, elapsed / train.length)
    }
  }

  /** Whether the folds, at the pace of the contender's slowest so far, end within the budget. */
  private fits(contender: Contender<Prediction>, splits: readonly Split[]): boolean {
    const { leftMs } = this.budget
    const neededMs = contender.msPerRow * splits.reduce((sum, { train }) => sum + train.length, 0)
    if (leftMs > 0 && neededMs <= leftMs) return true
    const left = `${(Math.max(0, leftMs) / 1000).toFixed(1)} s are left`
    contender.leave('left-out', neededMs > 0 ? `needs about ${(neededMs / 1000).toFixed(1)} s, ${left}` : left)
    return false
  }

  /**
   * Whether a contender that would take most of the budget in the last round may go on: only as long as no other has been
   * scored that would not.
   */
  private mayFinish(contender: Contender<Prediction>, round: Round): boolean {
    const { budgetMs } = this.options
    if (budgetMs === undefined || round.index === round.count - 1) return true
    const isSlow = (each: Contender<Prediction>): boolean => this.lastRoundMs(each) > mostOfBudget * budgetMs
    const hasQuick = this.contenders.some((other) => other.round >= 0 && !isSlow(other))
    if (!isSlow(contender) || !hasQuick) return true
    const [needed, budget] = [this.lastRoundMs(contender), budgetMs].map((ms) => `${(ms / 1000).toFixed(1)} s`)
    contender.leave('left-out', `would need about ${needed} on all rows, of a budget of ${budget}`)
    return false
  }

  /** At the contender's slowest pace so far. */
  private lastRoundMs({ msPerRow }: Contender<Prediction>): number {
    return msPerRow * this.splits.reduce((sum, { train }) => sum + train.length, 0)
  }

  private announce(contender: Contender<Prediction>, round: Round, fold: number): void {
    const { leftMs } = this.budget
    const best = [...this.contenders].sort(compareContenders)[0]
    this.options.onStep?.({
      candidate: contender.candidate.name,
      round: round.index,
      rounds: round.count,
      fold,
      ...(best !== undefined && best.round >= 0 && { best: { candidate: best.candidate.name, mean: best.mean } }),
      ...(Number.isFinite(leftMs) && { leftMs }),
    })
  }
}

/** Later rounds first, then better means; the order of the candidates decides between equals. */
export function compareContenders<P>(a: Contender<P>, b: Contender<P>): number {
  if (a.round !== b.round) return b.round - a.round
  return a.round < 0 ? 0 : b.mean - a.mean
}
