import { textLimits, type ExplainText, type TextDocument, type TextOptions } from '@rapport/contracts'
import { sieveDocuments } from '../domain/check-document.ts'
import { tooManyDocuments } from '../errors.ts'
import { createSlicePacer } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import { createDocumentExplainer } from './explain-document.ts'
import { findAnswerers } from './find-answerers.ts'
import type { AnsweredText } from './shadow-scoring.ts'

/** A call that is no stream. */
export interface DocumentsCall extends TextOptions {
  readonly documents: readonly TextDocument[]
  readonly explain?: ExplainText
}

/**
 * The answer to a call, rendered in parts: written as a whole, thousands of scores would hold up the event loop.
 * @throws HttpError 400, 404, 409, 413 or 503.
 */
export async function answerCall(
  context: TextContext,
  tenant: string,
  request: DocumentsCall,
): Promise<readonly string[]> {
  checkCount(request)
  using answerers = await findAnswerers(context, { tenant, ...request })
  const explain = createDocumentExplainer(context, answerers.main.labels, request.explain)
  const startedMs = performance.now()
  const { accepted, errors } = sieveDocuments(request.documents)
  answerers.main.tally.refused += errors.length
  const results: string[] = []
  const answered: AnsweredText[] = []
  const assigned = accepted.map((document) => ({ ...document, served: answerers.of(document) }))
  const labelled = context.profile.label(assigned, { ...request, pacer: createSlicePacer() })
  for await (const { document, result, best } of labelled) {
    const { text, served } = document
    answered.push({ text, served, label: served.labels[best] as string })
    const explained = await explain?.(document, best)
    results.push(JSON.stringify(explained === undefined ? result : { ...result, ...explained }))
  }
  context.metrics.classifySeconds.observe((performance.now() - startedMs) / 1000)
  context.shadow.take(answered)
  return render(results, JSON.stringify(errors))
}

function checkCount({ documents: { length }, explain }: DocumentsCall): void {
  const { documents, explainedDocuments } = textLimits
  if (length > documents) {
    throw tooManyDocuments(
      `A call has at most ${documents} documents, not ${length}; a stream (application/x-ndjson) any number.`,
    )
  }
  if (explain !== undefined && explain !== false && length > explainedDocuments) {
    throw tooManyDocuments(`A call with explanations has at most ${explainedDocuments} documents, not ${length}.`)
  }
}

const render = (results: readonly string[], errors: string): readonly string[] => [
  '{"results":[',
  ...results.map((result, at) => (at === 0 ? result : `,${result}`)),
  `],"errors":${errors}}`,
]
