import type { TextResult } from '@rapport/contracts'
import { detectLanguage } from '@rapport/text'
import { classifySlices, scoreDocument, type LabelDocuments } from '@rapport/text-serving'

/** The most probable label of each document, and the scores of the others. */
export const labelTexts: LabelDocuments = async function* (documents, { pacer, isBulk, ...options }) {
  for await (const slice of classifySlices(documents, { pacer, isBulk })) {
    for (const [document, probabilities] of slice) {
      const { id, text, language, served } = document
      const { best, labels, scores, isUncertain } = scoreDocument(served, probabilities, options)
      const result: TextResult = {
        id,
        label: served.labels[best] as string,
        ...(labels && { labels }),
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
