import type { TrainingControl } from '../training-control.ts'

/** What a trained candidate says of rows of the data that its maker knows. */
export type Predictor<Prediction> = (rows: Int32Array) => Prediction | Promise<Prediction>

/** An algorithm with its parameters; the data are its own business, rows are numbers. */
export interface Candidate<Prediction> {
  readonly name: string
  fit(trainRows: Int32Array, control: TrainingControl): Promise<Predictor<Prediction>>
}

export type CandidateStatus =
  /** Scored on every fold of the last round. */
  | 'finished'
  /** Behind the others in an earlier round of halving. */
  | 'eliminated'
  /** Did not fit what was left of the time. */
  | 'left-out'
  /** Its trainer refused the data or the parameters. */
  | 'failed'

export interface CandidateResult {
  readonly name: string
  readonly status: CandidateStatus
  /** Why it is left out, failed or eliminated. */
  readonly reason?: string
  /** By fold, of the last round in which it was scored on all folds; empty when there is none. */
  readonly scores: readonly number[]
  readonly mean: number
  /** Standard deviation over the folds (of the population, as scikit-learn's `std_test_score`). */
  readonly deviation: number
  /** Rows that it was trained on in that round; the most of any fold. */
  readonly trainRows: number
  /** Training and prediction of all its folds and rounds. */
  readonly elapsedMs: number
}

export interface SearchStep {
  readonly candidate: string
  /** From 0; grid search has one round. */
  readonly round: number
  readonly rounds: number
  readonly fold: number
  readonly best?: { readonly candidate: string; readonly mean: number }
  /** Undefined without a budget. */
  readonly leftMs?: number
}

/** The Cartesian product of the values, the last parameter fastest. */
export function parameterGrid<Grid extends Readonly<Record<string, readonly unknown[]>>>(
  grid: Grid,
): { readonly [Name in keyof Grid]: Grid[Name][number] }[] {
  let points: Record<string, unknown>[] = [{}]
  for (const [name, values] of Object.entries(grid)) {
    points = points.flatMap((point) => values.map((value) => Object.assign({}, point, { [name]: value })))
  }
  return points as { readonly [Name in keyof Grid]: Grid[Name][number] }[]
}
