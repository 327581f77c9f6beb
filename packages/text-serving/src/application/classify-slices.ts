import { createPacer, type Pacer } from '@rapport/ml'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import type { LabelCall } from './label-documents.ts'
import { scoreTexts } from './score-texts.ts'

/** The process answers others between two slices. */
const sliceMs = 5
/** Of what is classified in one go. */
const mostTexts = 32
const mostUnits = 8 * 1024

/** The breaks of a call. */
export const createSlicePacer = (): Pacer => createPacer({}, sliceMs)

/** A text and the version that classifies it. */
interface ServedText {
  readonly text: string
  readonly served: ServedClassifier
}

/** A text and its row of probabilities, in the order of the labels. */
export type ScoredText<T> = readonly [item: T, probabilities: Float32Array]

/** Classifies texts in order, in slices between which the event loop turns. */
export async function* classifySlices<T extends ServedText>(
  items: readonly T[],
  { pacer, isBulk = false }: Pick<LabelCall, 'pacer' | 'isBulk'>,
): AsyncGenerator<readonly ScoredText<T>[]> {
  for (let from = 0; from < items.length;) {
    if (pacer.due()) await pacer.pause(from / items.length)
    const slice = sliceFrom(items, from)
    const { served } = slice[0] as T
    const { length: classes } = served.labels
    const texts = slice.map(({ text }) => text)
    const probabilities = await scoreTexts(served, texts, { isBulk })
    yield slice.map((item, row) => [item, probabilities.subarray(row * classes, (row + 1) * classes)])
    from += slice.length
  }
}

/** Texts of one version. */
function sliceFrom<T extends ServedText>(items: readonly T[], from: number): readonly T[] {
  let to = from
  for (let units = 0; to < items.length && to - from < mostTexts && units < mostUnits; to += 1) {
    const { text, served } = items[to] as T
    if (served !== items[from]?.served) break
    units += text.length
  }
  return items.slice(from, to)
}
