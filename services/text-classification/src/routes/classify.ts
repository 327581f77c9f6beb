import { ClassifyTextsAnswerSchema, ClassifyTextsSchema, textLimits } from '@rapport/contracts'
import { sendRendered, type HttpApp } from '@rapport/service-kit'
import { classifyTexts } from '../application/classify-texts.ts'
import type { TextContext } from '../application/context.ts'

const schema = {
  operationId: 'classifyTexts',
  summary: 'Label texts',
  description: `By the tenant's champion of \`model\` (\`text\` when absent), or by its \`version\`. Every document has the whole
calibrated distribution over the labels, unless \`topK\` asks for less. Documents that cannot be classified (empty, of more than
${textLimits.textCharacters} characters, id taken) are named in \`errors\`; the others keep their order. With \`explain\` every token
says what it adds. 409: there is no such model yet, or it must not serve. 413: more than ${textLimits.documents} documents
(${textLimits.explainedDocuments} with \`explain\`), or a body above ${textLimits.bodyBytes} bytes.`,
  body: ClassifyTextsSchema,
  response: { 200: ClassifyTextsAnswerSchema },
}

/** `POST /v1/text/classify`. */
export function addClassifyRoute(app: HttpApp, context: TextContext): void {
  app.post('/v1/text/classify', { config: { scope: 'text', errors: [404, 409] }, schema }, async (request, reply) =>
    sendRendered(reply, await classifyTexts(context, request.principal.tenant, request.body)),
  )
}
