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

/** Moves of the search that goes on from the best point, at most. */
const mostMoves = 3

/** For each candidate: the search on the validation part, then the best point trained anew and tested. */
export async function chooseAndTest(
  experiment: Experiment,
  say: (line: string) => void,
): Promise<readonly QualityRow[]> {
  const rows: QualityRow[] = []
  const chosen = new Map<string, Parameters>()
  for (const candidate of experiment.candidates) {
    const { grid, name } = candidate
    const points = typeof grid === 'string' ? [chosen.get(grid)].filter((point) => point !== undefined) : grid
    const parameters = await choose({ ...candidate, grid: points }, experiment, say)
    chosen.set(name, parameters)
    const metrics = await experiment.test.judge(await candidate.fit(experiment.test.part, parameters))
    rows.push({ model: name, chosen: describe(parameters), metrics })
  }
  return rows
}

interface Point {
  readonly parameters: Parameters
  readonly value: number
}

/** The best point of the grid; with steps, from there on to the best neighbour until none is better. */
async function choose(
  candidate: Candidate & { readonly grid: readonly Parameters[] },
  { validation, chooseBy }: Experiment,
  say: (line: string) => void,
): Promise<Parameters> {
  const tried = new Set<string>()
  const bestOf = async (points: readonly Parameters[], standing?: Point): Promise<Point | undefined> => {
    let best = standing
    for (const parameters of points) {
      const text = describe(parameters)
      if (tried.has(text)) continue
      tried.add(text)
      const value = (await validation.judge(await candidate.fit(validation.part, parameters)))[chooseBy] ?? 0
      say(`validation ${candidate.name} ${text}: ${chooseBy} ${value.toFixed(4)}`)
      if (best === undefined || value > best.value) best = { parameters, value }
    }
    return best
  }
  let best = await bestOf(candidate.grid)
  if (best === undefined) throw new RangeError(`the candidate ${candidate.name} has an empty grid`)
  for (let move = 0; move < mostMoves; move += 1) {
    const next: Point | undefined = await bestOf(neighboursOf(best.parameters, candidate.steps ?? {}), best)
    if (next === undefined || next === best) break
    best = next
  }
  return best.parameters
}

/** One step down and one up in each parameter, to two digits, so that a step back is no new point. */
const neighboursOf = (parameters: Parameters, steps: Parameters): readonly Parameters[] =>
  Object.entries(steps).flatMap(([name, factor]) =>
    [1 / factor, factor].map((change) => ({
      ...parameters,
      [name]: Number(((parameters[name] ?? 0) * change).toPrecision(2)),
    })),
  )

const describe = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
