import { evaluateClassification, highestClasses, linearScores, type CsrMatrix } from '@rapport/ml'
import { fitTextVectorizer, TextVectorizer } from '@rapport/text'
import type { LabelledText, TextSplit } from '../data/labelled-texts.ts'
import type { MeasureChoice, QualityRow, QualitySet } from '../report/quality-set.ts'
import { cellNames, cells, features, type CellName } from './cells.ts'

/** What another implementation reaches with the same features and parameters: shares of 1. */
export interface Reference {
  readonly accuracy: number
  readonly macroF1?: number
}

export interface TextSet {
  readonly name: string
  readonly title: string
  readonly features: keyof typeof features
  readonly reference: Readonly<Partial<Record<CellName, Reference>>>
  isPresent(dataDir: string): boolean
  read(dataDir: string): Promise<TextSplit>
}

/** Half a point: by so much a cell may stay below its reference. */
const mostBelow = 0.005

/** The set as the quality command takes it: a row for each cell, ours beside the reference. */
export function toQualitySet(set: TextSet): QualitySet {
  const bars = cellNames
    .filter((cell) => set.reference[cell] !== undefined)
    .map((cell) => ({ model: cell, metric: 'difference', atLeast: -mostBelow }))
  return {
    title: `${set.title}; ${set.features}`,
    bars,
    noteHeading: 'parameters',
    cells: cellNames,
    isPresent: (dataDir) => set.isPresent(dataDir),
    async measure(dataDir, say, choice) {
      const rows: QualityRow[] = []
      const problem = lazily(async () => vectorise(await set.read(dataDir), set, say))
      for (const cell of cellNames) {
        if (choice.cell !== undefined && choice.cell !== cell) continue
        rows.push(
          await measureOnce(`${set.name}/${cell}`, choice, say, async () => measureCell(set, cell, await problem())),
        )
      }
      return rows
    },
  }
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
  say(
    `${key}: accuracy ${row.metrics['accuracy']?.toFixed(4)}, trained in ${row.metrics['trainSeconds']?.toFixed(1)} s`,
  )
  return row
}

/** Both parts as rows; labels are numbers of the training part's labels in order. */
export interface TextProblem {
  readonly classes: number
  readonly train: { readonly rows: CsrMatrix; readonly labels: Int32Array }
  readonly test: { readonly rows: CsrMatrix; readonly labels: Int32Array }
  readonly fitSeconds: number
}

function vectorise(split: TextSplit, set: TextSet, say: (line: string) => void): TextProblem {
  const names = [...new Set(split.train.map(({ label }) => label))].toSorted()
  const numbers = new Map(names.map((name, number) => [name, number]))
  const labelsOf = (part: readonly LabelledText[]): Int32Array =>
    Int32Array.from(part, ({ label }) => {
      const number = numbers.get(label)
      if (number === undefined) throw new TypeError(`the label ${label} is in the test part alone`)
      return number
    })
  const textsOf = (part: readonly LabelledText[]): string[] => part.map(({ text }) => text)
  const started = performance.now()
  const { data, matrix } = fitTextVectorizer(textsOf(split.train), features[set.features])
  const fitSeconds = (performance.now() - started) / 1000
  const test = new TextVectorizer(data).transform(textsOf(split.test))
  say(
    `${split.train.length} training and ${split.test.length} test texts, ${names.length} classes, ${data.columns} features ` +
      `in ${fitSeconds.toFixed(1)} s`,
  )
  return {
    classes: names.length,
    train: { rows: matrix, labels: labelsOf(split.train) },
    test: { rows: test, labels: labelsOf(split.test) },
    fitSeconds,
  }
}

async function measureCell(set: TextSet, cell: CellName, problem: TextProblem): Promise<QualityRow> {
  const { classes, train, test } = problem
  const started = performance.now()
  const model = await cells[cell].train(train.rows, train.labels, classes)
  const trainSeconds = (performance.now() - started) / 1000
  const predicted = highestClasses(linearScores(model, test.rows), classes)
  const { accuracy, macroF1 } = evaluateClassification(test.labels, predicted, classes)
  return toRow(set, cell, { accuracy, macroF1, vectorSeconds: problem.fitSeconds, trainSeconds })
}

function toRow(
  set: TextSet,
  cell: CellName,
  measured: {
    readonly accuracy: number
    readonly macroF1: number
    readonly vectorSeconds: number
    readonly trainSeconds: number
  },
): QualityRow {
  const reference = set.reference[cell]
  const { accuracy, macroF1, ...seconds } = measured
  return {
    model: cell,
    chosen: cells[cell].parameters,
    metrics: {
      accuracy,
      ...(reference && { reference: reference.accuracy, difference: accuracy - reference.accuracy }),
      macroF1,
      ...(reference?.macroF1 !== undefined && { referenceF1: reference.macroF1 }),
      ...seconds,
    },
  }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
