import { setImmediate as nextTurn } from 'node:timers/promises'
import { textLimits, type ExplainText, type TextResult } from '@rapport/contracts'
import { isTooLong } from '@rapport/core'
import { presentExplanation } from '../domain/present-explanation.ts'
import { unknownLabel } from '../errors.ts'
import type { TextContext } from './context.ts'
import type { AssignedDocument } from './label-documents.ts'

const defaults = { samples: 1_000, seed: 1 }

type Explained = Pick<TextResult, 'explanation' | 'explanationError'>
/** Explains a document whose best label is `best`. Never rejects for want of time. */
export type ExplainDocument = (document: AssignedDocument, best: number) => Promise<Explained>

/**
 * How the documents of one call are explained; undefined when it asks for no explanation.
 * @param labels Of every version that answers.
 * @throws HttpError 400 when the model does not know the label.
 */
export function createDocumentExplainer(
  { metrics, explainTimeoutMs }: Pick<TextContext, 'metrics' | 'explainTimeoutMs'>,
  labels: readonly string[],
  explain: ExplainText | undefined,
): ExplainDocument | undefined {
  if (explain === undefined || explain === false) return undefined
  const { label, samples = defaults.samples, seed = defaults.seed } = explain === true ? {} : explain
  if (label !== undefined && !labels.includes(label)) throw unknownLabel(label, labels)
  const signal = AbortSignal.timeout(explainTimeoutMs)
  return async ({ text, served }, best) => {
    const { explainedCharacters } = textLimits
    if (isTooLong(text, explainedCharacters)) {
      const message = `Texts of more than ${explainedCharacters} characters are not explained.`
      return { explanationError: { code: 'RPT_TEXT_EXPLANATION_TOO_LONG', message } }
    }
    const at = label === undefined ? best : served.labels.indexOf(label)
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
