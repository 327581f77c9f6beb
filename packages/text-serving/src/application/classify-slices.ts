import { createPacer, type Pacer } from '@rapport/ml'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { scoreTexts } from './score-texts.ts'

/** The process answers others between two slices. */
const sliceMs = 5
/** Of what is classified in one go. */
const mostTexts = 32
const mostUnits = 8 * 1024

/** The breaks of a call. */
export const createSlicePacer = (): Pacer => createPacer({}, sliceMs)

interface WithText {
  readonly text: string
}

/** A text and its row of probabilities, in the order of the labels. */
export type ScoredText<T> = readonly [item: T, probabilities: Float32Array]

/** Classifies texts in order, in slices between which the event loop turns. */
export async function* classifySlices<T extends WithText>(
  served: ServedClassifier,
  items: readonly T[],
  pacer: Pacer,
): AsyncGenerator<readonly ScoredText<T>[]> {
  const { length: classes } = served.labels
  for (let from = 0; from < items.length;) {
    if (pacer.due()) await pacer.pause(from / items.length)
    const slice = sliceFrom(items, from)
    const texts = slice.map(({ text }) => text)
    const probabilities = await scoreTexts(served, texts)
    yield slice.map((item, row) => [item, probabilities.subarray(row * classes, (row + 1) * classes)])
    from += slice.length
  }
}

function sliceFrom<T extends WithText>(items: readonly T[], from: number): readonly T[] {
  let to = from
  for (let units = 0; to < items.length && to - from < mostTexts && units < mostUnits; to += 1) {
    units += (items[to] as T).text.length
  }
  return items.slice(from, to)
}
