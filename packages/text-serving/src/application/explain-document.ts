import { setImmediate as nextTurn } from 'node:timers/promises'
import { textLimits, type ExplainText, type TextDocument, type TextResult } from '@rapport/contracts'
import { isTooLong } from '@rapport/core'
import { presentExplanation } from '../domain/present-explanation.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { unknownLabel } from '../errors.ts'
import type { TextContext } from './context.ts'

const defaults = { samples: 1_000, seed: 1 }

type Explained = Pick<TextResult, 'explanation' | 'explanationError'>
/** Explains a document whose best label is `best`. Never rejects for want of time. */
export type ExplainDocument = (document: TextDocument, best: number) => Promise<Explained>

/**
 * How the documents of one call are explained; undefined when it asks for no explanation.
 * @throws HttpError 400 when the model does not know the label.
 */
export function createDocumentExplainer(
  { metrics, explainTimeoutMs }: Pick<TextContext, 'metrics' | 'explainTimeoutMs'>,
  served: ServedClassifier,
  explain: ExplainText | undefined,
): ExplainDocument | undefined {
  if (explain === undefined || explain === false) return undefined
  const { label, samples = defaults.samples, seed = defaults.seed } = explain === true ? {} : explain
  const wanted = label === undefined ? undefined : served.labels.indexOf(label)
  if (label !== undefined && wanted === -1) throw unknownLabel(label, served.labels)
  const signal = AbortSignal.timeout(explainTimeoutMs)
  return async ({ text }, best) => {
    const { explainedCharacters } = textLimits
    if (isTooLong(text, explainedCharacters)) {
      const message = `Texts of more than ${explainedCharacters} characters are not explained.`
      return { explanationError: { code: 'RPT_TEXT_EXPLANATION_TOO_LONG', message } }
    }
    const at = wanted ?? best
    // Others are answered between two explanations, and the deadline can pass.
    await nextTurn()
    const startedMs = performance.now()
    try {
      const explanation = await served.explain(text, at, { seed, samples, signal })
      metrics.explanationSeconds.observe({ method: explanation.method }, (performance.now() - startedMs) / 1000)
      return { explanation: presentExplanation(text, served.labels[at] as string, explanation) }
    } catch (error) {
      if (!signal.aborted) throw error
      const message = `The explanations of this call took longer than ${explainTimeoutMs} ms; ask for fewer samples or documents.`
      return { explanationError: { code: 'RPT_TEXT_EXPLANATION_TIMEOUT', message } }
    }
  }
}
