import {
  AnalyzeSentimentsAnswerSchema,
  AnalyzeSentimentsSchema,
  sentimentLimits,
  SentimentOptionsSchema,
  textLimits,
} from '@rapport/contracts'
import { undeclaredBodyOf, type HttpApp } from '@rapport/service-kit'
import { answerDocuments, jsonOrLines, ndjsonType, type TextContext } from '@rapport/text-serving'

const schema = {
  operationId: 'analyzeSentiments',
  summary: 'Find the sentiment of texts and of their sentences',
  description: `By the tenant's champion of \`model\` (\`sentiment\` when absent), or by its \`version\`. Every document and every sentence
has the whole calibrated distribution over positive, negative and, where the model knows it, neutral. A document whose sentences disagree
is \`mixed\`. Documents that cannot be analyzed (empty, of more than ${textLimits.textCharacters} characters, id taken) are named in
\`errors\`; the others keep their order. A document has at most ${sentimentLimits.sentences} sentences: what is beyond belongs to the last.
With \`explain\` every token of the document says what it adds to the most probable label. 409: there is no such model yet, or it must not
serve. 413: more than ${textLimits.documents} documents (${textLimits.explainedDocuments} with \`explain\`), more than
${sentimentLimits.callSentences} sentences, or a body above ${textLimits.bodyBytes} bytes.

With \`Content-Type: application/x-ndjson\` the body is a document a line, plain or gzipped, of any length, and the query says how it
is analyzed. The answer has a line for each line, in order, while they arrive: a result, or \`{"error": {line, id?, code, message}}\`
for a line that cannot be analyzed. Ids may repeat. An error without \`line\` is the last line: the answer has broken off there.
When nothing comes for five minutes the stream is ended.`,
  querystring: SentimentOptionsSchema,
  body: jsonOrLines(AnalyzeSentimentsSchema),
  response: { 200: { description: 'Success.', ...jsonOrLines(AnalyzeSentimentsAnswerSchema) } },
}

/** `POST /v1/sentiment/analyze`. */
export function addAnalyzeRoute(app: HttpApp, context: TextContext): void {
  app.post(
    '/v1/sentiment/analyze',
    { ...undeclaredBodyOf(ndjsonType), config: { scope: 'text', errors: [404, 409] }, schema },
    async (request, reply) => answerDocuments(context, request, reply),
  )
}
