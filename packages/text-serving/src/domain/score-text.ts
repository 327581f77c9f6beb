import type { TextScore } from '@rapport/contracts'
import { labelThreshold } from '@rapport/ml'
import type { LabelOptions } from '../application/label-documents.ts'
import type { ServedClassifier } from './served-classifier.ts'

/** What a version says of a text. */
export interface ScoredLabels {
  /** Number of the most probable label. */
  readonly best: number
  /** Best first; all, or the `topK` best. */
  readonly scores: TextScore[]
  /** Of a model of several labels: those of a probability of at least one half, best first. */
  readonly labels?: string[]
  /** Whether the best probability is below the threshold. */
  readonly isUncertain: boolean
}

/** Labels by probability, ties in the order of the model's labels. */
function rank(probabilities: Float32Array): Int32Array {
  const order = Int32Array.from(probabilities, (_, label) => label)
  return order.sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b)
}

/** The ranked scores of a row of probabilities, which stand in the order of the labels. */
export function scoreText(
  labels: readonly string[],
  probabilities: Float32Array,
  { topK, threshold = 0 }: LabelOptions,
): ScoredLabels {
  const order = rank(probabilities)
  const best = order[0] as number
  const scores = Array.from(order.subarray(0, topK), (label): TextScore => ({
    label: labels[label] as string,
    probability: probabilities[label] as number,
  }))
  return { best, scores, isUncertain: (probabilities[best] as number) < threshold }
}

/** The same of a document, which is counted with the version. */
export function scoreDocument(
  served: ServedClassifier,
  probabilities: Float32Array,
  options: LabelOptions,
): ScoredLabels {
  const scored = scoreText(served.labels, probabilities, options)
  const { isMultiLabel } = served.classifier
  served.note(scored.best, probabilities[scored.best] as number, scored.isUncertain)
  return isMultiLabel ? { ...scored, labels: givenLabels(served.labels, probabilities) } : scored
}

const givenLabels = (labels: readonly string[], probabilities: Float32Array): string[] =>
  Array.from(rank(probabilities))
    .filter((label) => (probabilities[label] as number) >= labelThreshold)
    .map((label) => labels[label] as string)
