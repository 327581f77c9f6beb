import { evaluateRanking, type RankingScorer, type RankingTask } from '@rapport/ml'
import type { QualityRow } from '../report/quality-set.ts'
import type { Candidate, Parameters, TrainingPart } from './candidates.ts'

/** A training part and how a model trained on it is judged. */
export interface Fold {
  readonly part: TrainingPart
  judge(scorer: RankingScorer): Promise<Readonly<Record<string, number>>>
}

export interface Experiment {
  readonly candidates: readonly Candidate[]
  /** Carved out of the training data: chooses the parameters. */
  readonly validation: Fold
  /** Used once for each candidate, with the chosen parameters. */
  readonly test: Fold
  /** The metric that chooses. */
  readonly chooseBy: string
}

/** Judges a candidate by the full ranking of the catalogue. */
export const fullRanking =
  (task: RankingTask, cutoffs: readonly number[]) =>
  async (scorer: RankingScorer): Promise<Readonly<Record<string, number>>> =>
    (await evaluateRanking(scorer, task, { cutoffs })).metrics

/** For each candidate: every point of its grid on the validation part, then the best one trained anew and tested. */
export async function chooseAndTest(
  experiment: Experiment,
  say: (line: string) => void,
): Promise<readonly QualityRow[]> {
  const rows: QualityRow[] = []
  for (const candidate of experiment.candidates) {
    const parameters = await choose(candidate, experiment, say)
    const metrics = await experiment.test.judge(await candidate.fit(experiment.test.part, parameters))
    rows.push({ model: candidate.name, chosen: describe(parameters), metrics })
  }
  return rows
}

async function choose(candidate: Candidate, experiment: Experiment, say: (line: string) => void): Promise<Parameters> {
  const { validation, chooseBy } = experiment
  let best: { readonly parameters: Parameters; readonly value: number } | undefined
  for (const parameters of candidate.grid) {
    const value = (await validation.judge(await candidate.fit(validation.part, parameters)))[chooseBy] ?? 0
    say(`validation ${candidate.name} ${describe(parameters)}: ${chooseBy} ${value.toFixed(4)}`)
    if (best === undefined || value > best.value) best = { parameters, value }
  }
  if (best === undefined) throw new RangeError(`the candidate ${candidate.name} has an empty grid`)
  return best.parameters
}

const describe = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
