import { RapportError } from '@rapport/core'
import type { TextClassifier } from './text-classifier.ts'

/** Texts, and the probabilities that a loaded classifier must give them; part of its manifest. */
export interface TextSelfCheck {
  readonly texts: readonly string[]
  /** By text, in the order of the labels. */
  readonly probabilities: readonly (readonly number[])[]
}

/** Other hardware may round sums in another order. */
const tolerance = 1e-3
const checkedTexts = 8

/** What the classifier says of the first few texts. */
export function createTextSelfCheck(classifier: TextClassifier, texts: readonly string[]): TextSelfCheck {
  const checked = texts.slice(0, checkedTexts)
  return { texts: checked, probabilities: toRows(classifier, checked) }
}

/** Classifies the texts of a self-check and compares. Throws RPT_TEXT_SELF_CHECK that says what differs. */
export function runTextSelfCheck(classifier: TextClassifier, expected: unknown): void {
  const { texts, probabilities } = readSelfCheck(expected, classifier.labels.length)
  for (const [row, given] of toRows(classifier, texts).entries()) {
    for (const [label, probability] of given.entries()) {
      const stated = probabilities[row]?.[label] as number
      if (!(Math.abs(probability - stated) <= tolerance)) {
        throw failed(`text ${row} has ${probability} for ${classifier.labels[label]}, it must have ${stated}`)
      }
    }
  }
}

function toRows(classifier: TextClassifier, texts: readonly string[]): number[][] {
  const classes = classifier.labels.length
  const probabilities = classifier.classify(texts)
  return texts.map((_, row) => [...probabilities.subarray(row * classes, (row + 1) * classes)])
}

const failed = (problem: string): RapportError =>
  new RapportError('RPT_TEXT_SELF_CHECK', `self-check failed: ${problem}`)

function readSelfCheck(value: unknown, classes: number): TextSelfCheck {
  const { texts, probabilities } = (value ?? {}) as Partial<TextSelfCheck>
  const areTexts = Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string')
  const areRows =
    Array.isArray(probabilities) &&
    probabilities.length === texts?.length &&
    probabilities.every((row) => Array.isArray(row) && row.length === classes && row.every(Number.isFinite))
  if (!areTexts || !areRows) throw failed('the expected answer is not one')
  return { texts, probabilities }
}
