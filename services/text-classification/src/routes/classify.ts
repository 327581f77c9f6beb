import { ClassifyTextsAnswerSchema, ClassifyTextsSchema, textLimits, TextOptionsSchema } from '@rapport/contracts'
import { undeclaredBodyOf, type HttpApp } from '@rapport/service-kit'
import { answerDocuments, jsonOrLines, ndjsonType, type TextContext } from '@rapport/text-serving'

const schema = {
  operationId: 'classifyTexts',
  summary: 'Label texts',
  description: `By the tenant's champion of \`model\` (\`text\` when absent), or by its \`version\`. Every document has the whole
calibrated distribution over the labels, unless \`topK\` asks for less. Documents that cannot be classified (empty, of more than
${textLimits.textCharacters} characters, id taken) are named in \`errors\`; the others keep their order. With \`explain\` every token
says what it adds. 409: there is no such model yet, or it must not serve. 413: more than ${textLimits.documents} documents
(${textLimits.explainedDocuments} with \`explain\`), or a body above ${textLimits.bodyBytes} bytes.

With \`Content-Type: application/x-ndjson\` the body is a document a line, plain or gzipped, of any length, and the query says how it
is classified. The answer has a line for each line, in order, while they arrive: a result, or \`{"error": {line, id?, code, message}}\`
for a line that cannot be classified. Ids may repeat. An error without \`line\` is the last line: the answer has broken off there.
When nothing comes for five minutes the stream is ended.`,
  querystring: TextOptionsSchema,
  body: jsonOrLines(ClassifyTextsSchema),
  response: { 200: { description: 'Success.', ...jsonOrLines(ClassifyTextsAnswerSchema) } },
}

/** `POST /v1/text/classify`. */
export function addClassifyRoute(app: HttpApp, context: TextContext): void {
  app.post(
    '/v1/text/classify',
    { ...undeclaredBodyOf(ndjsonType), config: { scope: 'text', errors: [404, 409] }, schema },
    async (request, reply) => answerDocuments(context, request, reply),
  )
}
