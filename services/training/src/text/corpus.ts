import type { DatasetVersionName, TrainingJob } from '@rapport/contracts'
import { readManifest, readRowsAfter } from '@rapport/datasets'
import type { ObjectStore } from '@rapport/object-store'
import { TrainingDataError } from '../errors.ts'
import { bySentiment, readSentiments } from './sentiment-labels.ts'

/** Labelled texts; rows are numbered from 0. */
export interface TextCorpus {
  readonly dataset: DatasetVersionName
  /** SHA-256 of the data set's rows. */
  readonly fingerprint: string
  readonly texts: readonly string[]
  /** Class of each row: a place in `names`. */
  readonly labels: Int32Array
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
  if (multiLabel) throw notEnough('the data set has several labels a row; a classifier learns from one')
  if (heapPerByte * bytes > memoryLimitBytes) {
    const needed = `the data set of ${bytes} bytes needs about ${heapPerByte * bytes} bytes of memory`
    throw new TrainingDataError('RPT_TRAINING_MEMORY', `${needed}, ${memoryLimitBytes} are allowed`)
  }
  const found = classes.map(({ label }) => label)
  const meaning = task === 'sentiment' ? readSentiments(found) : new Map(found.map((label) => [label, label]))
  const names = [...new Set(meaning.values())].sort(task === 'sentiment' ? bySentiment : undefined)
  const classOf = new Map([...meaning].map(([label, name]) => [label, names.indexOf(name)]))
  const texts: string[] = []
  const labels = new Int32Array(count)
  const rowNumbers = new Int32Array(count)
  for await (const row of readRowsAfter(objects, manifest, 0)) {
    labels[texts.length] = classOf.get(row.labels?.[0] ?? '') ?? -1
    rowNumbers[texts.length] = row.row
    if (texts.push(row.text) % 1000 > 0) continue
    signal.throwIfAborted()
    onRows(texts.length, count)
  }
  if (labels.includes(-1)) throw notEnough('the data set has rows without a label')
  const corpus = { dataset, fingerprint, texts, labels, names, rowNumbers }
  checkSizes(corpus)
  return corpus
}

function checkSizes({ texts, labels, names }: TextCorpus): void {
  if (names.length < 2) throw notEnough(`all rows have the label ${names[0] ?? ''}; two labels are needed`)
  if (names.length > mostClasses) throw notEnough(`${names.length} labels are more than ${mostClasses}`)
  if (texts.length < fewestRows) throw notEnough(`${texts.length} rows are too few; ${fewestRows} are needed`)
  const sizes = classSizes(labels, names.length)
  const few = names.flatMap((name, label) => {
    const rows = sizes[label] as number
    return rows < fewestOfClass ? [`"${name}" has ${rows}`] : []
  })
  if (few.length === 0) return
  const more = few.length > 5 ? ` and ${few.length - 5} more labels` : ''
  throw notEnough(`each label needs ${fewestOfClass} rows, but ${few.slice(0, 5).join(', ')}${more}`)
}

/** Rows of each class. */
export function classSizes(labels: Int32Array, classes: number): Int32Array {
  const sizes = new Int32Array(classes)
  for (const label of labels) sizes[label] = (sizes[label] as number) + 1
  return sizes
}

const notEnough = (message: string): TrainingDataError => new TrainingDataError('RPT_TRAINING_NOT_ENOUGH_DATA', message)
