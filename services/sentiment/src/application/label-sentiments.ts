import { sentimentLimits, type SentenceSentiment, type SentimentResult } from '@rapport/contracts'
import { detectLanguage, splitSentences, type SentenceSpan } from '@rapport/text'
import {
  classifySlices,
  scoreDocument,
  scoreText,
  type AssignedDocument,
  type LabelDocuments,
  type LabelOptions,
  type ServedClassifier,
} from '@rapport/text-serving'
import { tooManySentences } from '../errors.ts'
import { isMixed } from '../domain/disagreement.ts'

/** A character for private use: no model has learnt it. */
const saysNothing = '\ue000'

/** Labels documents and their sentences. Throws HttpError 413 where these are too many. */
export function createSentimentLabeller(): LabelDocuments {
  const baselines = new WeakMap<ServedClassifier, Float32Array>()
  const baselineOf = (served: ServedClassifier): Float32Array => {
    const known = baselines.get(served)
    if (known !== undefined) return known
    const made = served.classifier.classify([saysNothing])
    baselines.set(served, made)
    return made
  }
  return async function* (documents, { pacer, isBulk, ...options }) {
    let count = 0
    for (const document of documents) {
      if (pacer.due()) await pacer.pause(0)
      const { text, served } = document
      const spans = splitSentences(text, sentimentLimits.sentences)
      count += spans.length
      if (count > sentimentLimits.callSentences) throw tooManySentences()
      // Of a single sentence the document's scores are its own.
      const sentences =
        spans.length > 1 ? spans.map(({ start, end }) => ({ text: text.slice(start, end), served })) : []
      const rows: Float32Array[] = []
      for await (const slice of classifySlices([document, ...sentences], { pacer, isBulk })) {
        for (const [, row] of slice) rows.push(row)
      }
      yield present({ document, spans, rows, baseline: baselineOf(served) }, options)
    }
  }
}

interface Analyzed {
  readonly document: AssignedDocument
  readonly spans: readonly SentenceSpan[]
  /** Of the document, then of each sentence where there is more than one. */
  readonly rows: readonly Float32Array[]
  readonly baseline: Float32Array
}

function present(analyzed: Analyzed, options: LabelOptions) {
  const { document, spans, rows, baseline } = analyzed
  const { served } = document
  const { labels } = served
  const whole = rows[0] as Float32Array
  const ofSentences = rows.length > 1 ? rows.slice(1) : [whole]
  const { best, scores, isUncertain } = scoreDocument(served, whole, options)
  const sentences = spans.map((span, at) => {
    const scored = scoreText(labels, ofSentences[at] as Float32Array, {})
    return { ...span, label: labels[scored.best], scores: scored.scores } as SentenceSentiment
  })
  const result = {
    id: document.id,
    label: isMixed({ labels, rows: ofSentences, baseline }) ? 'mixed' : labels[best],
    scores,
    sentences,
    language: document.language ?? detectLanguage(document.text).language,
    modelVersion: served.version,
    ...(isUncertain && { isUncertain }),
    ...(served.isStarter && { isStarter: true }),
  } as SentimentResult
  return { document, result, best }
}
