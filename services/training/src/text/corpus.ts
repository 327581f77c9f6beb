import type { DatasetVersionName, TrainingJob } from '@rapport/contracts'
import { readManifest, readRowsAfter } from '@rapport/datasets'
import type { ObjectStore } from '@rapport/object-store'
import { TrainingDataError } from '../errors.ts'
import { labelSizes, rarestLabels, type Targets } from './targets.ts'
import { bySentiment, readSentiments } from './sentiment-labels.ts'

/** Labelled texts; rows are numbered from 0. */
export interface TextCorpus {
  readonly dataset: DatasetVersionName
  /** SHA-256 of the data set's rows. */
  readonly fingerprint: string
  readonly texts: readonly string[]
  /** Class of each row: a place in `names`. Of several, see `Targets`. */
  readonly labels: Int32Array
  /** All classes of each row, where rows may have several. */
  readonly sets?: readonly Int32Array[]
  readonly names: readonly string[]
  /** Number of each row in what was uploaded, to speak of it without its text. */
  readonly rowNumbers: Int32Array
}

const fewestRows = 30
const fewestOfClass = 5
const mostClasses = 1000
/** Heap that a byte of a data set takes: its texts as UTF-16 at most, and what reads them. */
const heapPerByte = 3

export interface CorpusOptions {
  readonly signal: AbortSignal
  /** Of the whole process. */
  readonly memoryLimitBytes: number
  readonly onRows: (read: number, of: number) => void
}

/** Reads the data set of a job. @throws TrainingDataError when no classifier can learn from it; DatasetError */
export async function readCorpus(
  objects: ObjectStore,
  { tenant, task, dataset }: Pick<TrainingJob, 'tenant' | 'task' | 'dataset'>,
  { signal, memoryLimitBytes, onRows }: CorpusOptions,
): Promise<TextCorpus> {
  if (dataset === undefined) throw new TrainingDataError('RPT_TRAINING_JOB_INVALID', 'the job names no data set')
  const manifest = await readManifest(objects, { tenant, ...dataset })
  const { rows: count, bytes, classes, multiLabel, fingerprint } = manifest
  if (multiLabel && task === 'sentiment')
    throw notEnough('the data set has several labels a row; a text has one sentiment')
  if (heapPerByte * bytes > memoryLimitBytes) {
    const needed = `the data set of ${bytes} bytes needs about ${heapPerByte * bytes} bytes of memory`
    throw new TrainingDataError('RPT_TRAINING_MEMORY', `${needed}, ${memoryLimitBytes} are allowed`)
  }
  const found = classes.map(({ label }) => label)
  const meaning = task === 'sentiment' ? readSentiments(found) : new Map(found.map((label) => [label, label]))
  const names = [...new Set(meaning.values())].sort(task === 'sentiment' ? bySentiment : undefined)
  const classOf = new Map([...meaning].map(([label, name]) => [label, names.indexOf(name)]))
  const texts: string[] = []
  const sets: Int32Array[] = []
  const rowNumbers = new Int32Array(count)
  for await (const row of readRowsAfter(objects, manifest, 0)) {
    sets.push(Int32Array.from(row.labels ?? [], (label) => classOf.get(label) ?? -1))
    rowNumbers[texts.length] = row.row
    if (texts.push(row.text) % 1000 > 0) continue
    signal.throwIfAborted()
    onRows(texts.length, count)
  }
  if (sets.some((set) => set.length === 0 || set.includes(-1))) {
    throw notEnough('the data set has rows without a label')
  }
  const read = { dataset, fingerprint, texts, names, rowNumbers }
  const corpus = multiLabel
    ? { ...read, labels: rarestLabels(sets, names.length), sets }
    : { ...read, labels: Int32Array.from(sets, ([label = -1]) => label) }
  checkSizes(corpus)
  return corpus
}

function checkSizes(corpus: TextCorpus): void {
  const { texts, names } = corpus
  if (names.length < 2) throw notEnough(`all rows have the label ${names[0] ?? ''}; two labels are needed`)
  if (names.length > mostClasses) throw notEnough(`${names.length} labels are more than ${mostClasses}`)
  if (texts.length < fewestRows) throw notEnough(`${texts.length} rows are too few; ${fewestRows} are needed`)
  const sizes = labelSizes(targetsOf(corpus))
  const few = names.flatMap((name, label) => {
    const rows = sizes[label] as number
    return rows < fewestOfClass ? [`"${name}" has ${rows}`] : []
  })
  if (few.length === 0) return
  const more = few.length > 5 ? ` and ${few.length - 5} more labels` : ''
  throw notEnough(`each label needs ${fewestOfClass} rows, but ${few.slice(0, 5).join(', ')}${more}`)
}

export const targetsOf = ({ labels, sets, names }: Pick<TextCorpus, 'labels' | 'sets' | 'names'>): Targets => ({
  classes: names.length,
  labels,
  sets,
})

const notEnough = (message: string): TrainingDataError => new TrainingDataError('RPT_TRAINING_NOT_ENOUGH_DATA', message)
