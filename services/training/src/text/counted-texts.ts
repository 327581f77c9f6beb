import { createPacer, type CsrMatrix, type TrainingControl } from '@rapport/ml'
import { TextVectorizerFitter } from '@rapport/text'
import { TrainingDataError } from '../errors.ts'
import { vectorizerOptions, type FeatureSet } from './text-recipe.ts'

/**
 * How often each n-gram stands in each text, read once: the rows of any part of the texts, weighed as a vectorizer fitted to
 * another part weighs them, follow without reading a text again.
 */
export interface CountedTexts {
  readonly features: FeatureSet
  /** Values are counts; columns are the n-grams of at least `minDf` of all texts. */
  readonly counts: CsrMatrix
}

/** Counts the n-grams of every text; there may be none. */
export async function countTexts(
  texts: readonly string[],
  features: FeatureSet,
  control: TrainingControl,
): Promise<CountedTexts> {
  const pacer = createPacer(control)
  const { maxFeatures: _all, sublinearTf: _plain, ...options } = vectorizerOptions(features)
  const fitter = new TextVectorizerFitter({ ...options, norm: 'none' })
  for (const [row, text] of texts.entries()) {
    if (pacer.due()) await pacer.pause(row / texts.length)
    fitter.add(text)
  }
  const { data, matrix } = fitter.finish()
  // Without a norm a value is the count times the column's idf.
  const values = matrix.values.map((value, at) =>
    Math.round(value / (data.idf[matrix.indices[at] as number] as number)),
  )
  return { features, counts: { ...matrix, values } }
}

/** What a fit to some of the texts makes of the columns. */
export interface Weighing {
  readonly columns: number
  /** Of each counted column: its column, or -1. */
  readonly columnOf: Int32Array
  /** By column. */
  readonly idf: Float64Array
}

/** Fits to the given rows as `fitTextVectorizer` fits to their texts. @throws TrainingDataError when no n-gram is left. */
export function fitWeighing({ features, counts }: CountedTexts, rows: Int32Array): Weighing {
  const frequency = new Int32Array(counts.columns)
  const totals = new Float64Array(counts.columns)
  for (const row of rows) {
    const end = counts.starts[row + 1] as number
    for (let at = counts.starts[row] as number; at < end; at += 1) {
      const column = counts.indices[at] as number
      frequency[column] = (frequency[column] as number) + 1
      totals[column] = (totals[column] as number) + (counts.values[at] as number)
    }
  }
  const kept = chooseColumns(frequency, totals, features)
  if (kept.length === 0) {
    throw new TrainingDataError(
      'RPT_TRAINING_NOT_ENOUGH_DATA',
      'no word stands in enough of the texts to learn from it',
    )
  }
  const columnOf = new Int32Array(counts.columns).fill(-1)
  kept.forEach((column, at) => {
    columnOf[column] = at
  })
  const idf = Float64Array.from(kept, (column) => Math.log((1 + rows.length) / (1 + (frequency[column] as number))) + 1)
  return { columns: kept.length, columnOf, idf }
}

/** Ascending; when there are too many the most frequent ones, of equals the first. All buckets of a hashing. */
function chooseColumns(
  frequency: Int32Array,
  totals: Float64Array,
  { minDf, maxFeatures, hashBits }: FeatureSet,
): Int32Array {
  if (hashBits !== undefined) return Int32Array.from(frequency.keys())
  const enough = Int32Array.from(frequency.keys()).filter((column) => (frequency[column] as number) >= minDf)
  if (enough.length <= maxFeatures) return enough
  const byTotal = enough.toSorted((a, b) => (totals[b] as number) - (totals[a] as number) || a - b)
  return byTotal.slice(0, maxFeatures).sort()
}

/** Rows of unit length of `(1 + ln count) * idf`, in the order given. */
export function weighRows({ counts }: CountedTexts, { columns, columnOf, idf }: Weighing, rows: Int32Array): CsrMatrix {
  const starts = new Int32Array(rows.length + 1)
  const most = rows.reduce((sum, row) => sum + (counts.starts[row + 1] as number) - (counts.starts[row] as number), 0)
  const indices = new Int32Array(most)
  const values = new Float32Array(most)
  let used = 0
  for (const [at, row] of rows.entries()) {
    const first = used
    let squares = 0
    const end = counts.starts[row + 1] as number
    for (let entry = counts.starts[row] as number; entry < end; entry += 1) {
      const column = columnOf[counts.indices[entry] as number] as number
      if (column < 0) continue
      const weight = (1 + Math.log(counts.values[entry] as number)) * (idf[column] as number)
      indices[used] = column
      values[used] = weight
      squares += weight * weight
      used += 1
    }
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares)
    for (let entry = first; entry < used; entry += 1) values[entry] = (values[entry] as number) * scale
    starts[at + 1] = used
  }
  return { rows: rows.length, columns, starts, indices: indices.slice(0, used), values: values.slice(0, used) }
}
