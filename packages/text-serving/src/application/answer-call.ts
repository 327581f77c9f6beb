import { textLimits, type ExplainText, type TextDocument, type TextOptions } from '@rapport/contracts'
import { sieveDocuments } from '../domain/check-document.ts'
import { tooManyDocuments } from '../errors.ts'
import { createSlicePacer } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import { createDocumentExplainer } from './explain-document.ts'
import { findModel } from './find-model.ts'
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
  using lease = await findModel(context, { tenant, ...request })
  const { model: served } = lease
  const explain = createDocumentExplainer(context, served, request.explain)
  const startedMs = performance.now()
  const { accepted, errors } = sieveDocuments(request.documents)
  served.tally.refused += errors.length
  const results: string[] = []
  const answered: AnsweredText[] = []
  const labelled = context.profile.label(served, accepted, { ...request, pacer: createSlicePacer() })
  for await (const { document, result, best } of labelled) {
    answered.push({ text: document.text, label: served.labels[best] as string })
    const explained = await explain?.(document, best)
    results.push(JSON.stringify(explained === undefined ? result : { ...result, ...explained }))
  }
  context.metrics.classifySeconds.observe((performance.now() - startedMs) / 1000)
  context.shadow.take(served.manifest, answered)
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
