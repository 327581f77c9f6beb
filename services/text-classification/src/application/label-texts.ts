import type { TextResult } from '@rapport/contracts'
import { detectLanguage } from '@rapport/text'
import { classifySlices, scoreDocument, type LabelDocuments } from '@rapport/text-serving'

/** The most probable label of each document, and the scores of the others. */
export const labelTexts: LabelDocuments = async function* (served, documents, { pacer, ...options }) {
  for await (const slice of classifySlices(served, documents, pacer)) {
    for (const [document, probabilities] of slice) {
      const { id, text, language } = document
      const { best, scores, isUncertain } = scoreDocument(served, probabilities, options)
      const result: TextResult = {
        id,
        label: served.labels[best] as string,
        scores,
        language: language ?? detectLanguage(text).language,
        modelVersion: served.version,
        ...(isUncertain && { isUncertain }),
        ...(served.isStarter && { isStarter: true }),
      }
      yield { document, result, best }
    }
  }
}
