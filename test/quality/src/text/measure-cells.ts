import { networkAlgorithms, type NetworkAlgorithm } from '@rapport/contracts'
import { evaluateClassification } from '@rapport/ml'
import type { TextSplit } from '../data/labelled-texts.ts'
import type { Bar, Limit, MeasureChoice, QualityRow, QualitySet } from '../report/quality-set.ts'
import { cells, linearCellNames, type Cell, type CellName, type FeaturesName } from './cells.ts'
import { measureNetwork } from './measure-network.ts'
import { defaultBudgetSeconds, measureWinner } from './measure-winner.ts'
import { toParts, vectorise, type TextParts, type TextRows } from './text-problem.ts'

/** What another implementation reaches with the same features and parameters: shares of 1. */
export interface Reference {
  readonly accuracy: number
  readonly macroF1?: number
  /** Where they are not the set's. */
  readonly features?: FeaturesName
}

export interface TextSet {
  readonly name: string
  readonly title: string
  readonly features: FeaturesName
  readonly reference: Readonly<Partial<Record<CellName, Reference>>>
  /** What the winner of a training job's search has to reach, by the objective that it is searched by. */
  readonly winner: { readonly metric: 'accuracy' | 'macroF1'; readonly atLeast?: number }
  /** Networks that are measured, and what the accuracy of each has to reach. */
  readonly networks?: Readonly<Partial<Record<NetworkAlgorithm, Limit>>>
  isPresent(dataDir: string): boolean
  read(dataDir: string): Promise<TextSplit>
}

/** Of the calibrated probabilities of a winner: the expected calibration error. */
const calibrationBar = 0.05

/** The set as the quality command takes it: a row for each cell, ours beside the reference, and the winner of a search. */
export function toQualitySet(set: TextSet): QualitySet {
  const names = [...linearCellNames, ...(set.reference.rf === undefined ? [] : ['rf' as const])]
  const networks = networkAlgorithms.filter((algorithm) => set.networks?.[algorithm] !== undefined)
  return {
    title: `${set.title}; ${set.features}`,
    bars: barsOf(set, names),
    noteHeading: 'parameters',
    cells: [...names, 'winner', ...networks],
    isPresent: (dataDir) => set.isPresent(dataDir),
    async measure(dataDir, say, choice) {
      const rows: QualityRow[] = []
      const parts = lazily(async () => toParts(await set.read(dataDir)))
      const rowsOf = new Map<FeaturesName, TextRows>()
      const measureOne = async (cell: CellName): Promise<QualityRow> => {
        const name = set.reference[cell]?.features ?? set.features
        const vectors = rowsOf.get(name) ?? vectorise(await parts(), name, say)
        rowsOf.set(name, vectors)
        return measureCell(set, cell, { ...(await parts()), vectors })
      }
      const add = async (cell: string, measure: () => Promise<QualityRow>, how = ''): Promise<void> => {
        if (choice.cell !== undefined && choice.cell !== cell) return
        rows.push(await measureOnce(`${set.name}/${cell}${how}`, choice, say, measure))
      }
      for (const cell of names) await add(cell, () => measureOne(cell))
      const objective = set.winner.metric === 'accuracy' ? 'accuracy' : 'macro-f1'
      const { budgetSeconds = defaultBudgetSeconds } = choice
      // Another budget may find another winner.
      const measureBest = async () => measureWinner(await parts(), { objective, budgetSeconds })
      await add('winner', measureBest, `, budget ${budgetSeconds} s`)
      for (const network of networks) await add(network, async () => measureNetwork(await parts(), network, say))
      return rows
    },
  }
}

function barsOf({ reference, winner, networks = {} }: TextSet, names: readonly CellName[]): readonly Bar[] {
  const ofCells = names
    .filter((cell) => reference[cell] !== undefined)
    .map((cell) => ({ model: cell, metric: 'difference', atLeast: -cells[cell].mostBelow }))
  const { metric, atLeast } = winner
  const ofWinner = atLeast === undefined ? [] : [{ model: 'winner', metric, atLeast }]
  const calibrated = { model: 'winner', metric: 'calibrationError', below: calibrationBar }
  const ofNetworks = Object.entries(networks).map(([model, limit]) => ({ model, metric: 'accuracy', ...limit }))
  return [...ofCells, ...ofWinner, calibrated, ...ofNetworks]
}

async function measureOnce(
  key: string,
  { results }: MeasureChoice,
  say: (line: string) => void,
  measure: () => Promise<QualityRow>,
): Promise<QualityRow> {
  const kept = results?.get(key)
  if (kept !== undefined) {
    say(`${key}: measured ${kept.measuredAt}`)
    return kept.row
  }
  const row = await measure()
  await results?.keep(key, row)
  const { accuracy, trainSeconds } = row.metrics
  say(`${key}: accuracy ${accuracy?.toFixed(4)}, trained in ${trainSeconds?.toFixed(1)} s`)
  return row
}

async function measureCell(
  set: TextSet,
  cell: CellName,
  { names, train, test, vectors }: TextParts & { readonly vectors: TextRows },
): Promise<QualityRow> {
  const { parameters, seeds = [1], train: trainCell }: Cell = cells[cell]
  const classes = names.length
  let [accuracy, macroF1, trainSeconds] = [0, 0, 0]
  for (const seed of seeds) {
    const started = performance.now()
    const predict = await trainCell(vectors.train, train.labels, { classes, seed })
    trainSeconds += (performance.now() - started) / 1000 / seeds.length
    const found = evaluateClassification(test.labels, predict(vectors.test), classes)
    accuracy += found.accuracy / seeds.length
    macroF1 += found.macroF1 / seeds.length
  }
  const reference = set.reference[cell]
  return {
    model: cell,
    chosen: reference?.features === undefined ? parameters : `${parameters}, ${reference.features}`,
    metrics: {
      accuracy,
      ...(reference && { reference: reference.accuracy, difference: accuracy - reference.accuracy }),
      macroF1,
      ...(reference?.macroF1 !== undefined && { referenceF1: reference.macroF1 }),
      vectorSeconds: vectors.fitSeconds,
      trainSeconds,
    },
  }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
