import type { TextDocument } from '@rapport/contracts'
import { createPacer } from '@rapport/ml'
import type { ServedClassifier } from '../domain/served-classifier.ts'

/** The process answers others between two slices. */
export const sliceMs = 5
/** Of what is classified in one go. */
const mostTexts = 32
const mostUnits = 8 * 1024

/** A document and its row of probabilities, in the order of the labels. */
export type ScoredDocument = readonly [document: TextDocument, probabilities: Float32Array]

/** Classifies documents in order, in slices between which the event loop turns. */
export async function* classifySlices(
  { classifier }: ServedClassifier,
  documents: readonly TextDocument[],
): AsyncGenerator<readonly ScoredDocument[]> {
  const pacer = createPacer({}, sliceMs)
  const { length: classes } = classifier.labels
  for (let from = 0; from < documents.length;) {
    if (pacer.due()) await pacer.pause(from / documents.length)
    const slice = sliceFrom(documents, from)
    const probabilities = classifier.classify(slice.map(({ text }) => text))
    yield slice.map((document, row) => [document, probabilities.subarray(row * classes, (row + 1) * classes)])
    from += slice.length
  }
}

function sliceFrom(documents: readonly TextDocument[], from: number): readonly TextDocument[] {
  let to = from
  for (let units = 0; to < documents.length && to - from < mostTexts && units < mostUnits; to += 1) {
    units += (documents[to] as TextDocument).text.length
  }
  return documents.slice(from, to)
}
