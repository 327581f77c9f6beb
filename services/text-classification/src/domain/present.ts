import type { TextDocument, TextExplanationAnswer, TextResult, TextScore } from '@rapport/contracts'
import { detectLanguage } from '@rapport/text'
import type { TextExplanation } from '@rapport/text-models'
import type { ServedClassifier } from './served-classifier.ts'

export interface PresentOptions {
  readonly topK?: number | undefined
  readonly threshold?: number | undefined
}

/** A document's answer, and which label it is that was best. */
export interface PresentedDocument {
  readonly result: TextResult
  readonly best: number
}

/** Labels by probability, ties in the order of the model's labels. */
function rank(probabilities: Float32Array): Int32Array {
  const order = Int32Array.from(probabilities, (_, label) => label)
  return order.sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b)
}

/** The answer to a document from its row of probabilities, which is counted with the version. */
export function presentDocument(
  served: ServedClassifier,
  { id, text, language }: TextDocument,
  probabilities: Float32Array,
  { topK, threshold = 0 }: PresentOptions,
): PresentedDocument {
  const order = rank(probabilities)
  const best = order[0] as number
  const confidence = probabilities[best] as number
  const isUncertain = confidence < threshold
  served.tally.note(best, confidence, isUncertain)
  const scores = Array.from(order.subarray(0, topK), (label): TextScore => ({
    label: served.labels[label] as string,
    probability: probabilities[label] as number,
  }))
  return {
    best,
    result: {
      id,
      label: served.labels[best] as string,
      scores,
      language: language ?? detectLanguage(text).language,
      modelVersion: served.version,
      ...(isUncertain && { isUncertain }),
    },
  }
}

/** An explanation as the API answers it, the tokens with their texts. */
export function presentExplanation(text: string, label: string, explanation: TextExplanation): TextExplanationAnswer {
  const { method, of, base, value, localR2, tokens } = explanation
  return {
    label,
    method,
    of,
    base,
    value,
    offsets: 'utf-16',
    tokens: tokens.map(({ start, end, weight }) => ({ text: text.slice(start, end), start, end, weight })),
    ...(localR2 !== undefined && { localR2 }),
  }
}
