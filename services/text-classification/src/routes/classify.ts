import { PassThrough, Readable } from 'node:stream'
import {
  ClassifyTextsAnswerSchema,
  ClassifyTextsSchema,
  textLimits,
  TextOptionsSchema,
  type ClassifyTexts,
} from '@rapport/contracts'
import { inflateStream, sendRendered, undeclaredBodyOf, type HttpApp } from '@rapport/service-kit'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { classifyStream, type StreamCall } from '../application/classify-stream.ts'
import { classifyTexts } from '../application/classify-texts.ts'
import type { TextContext } from '../application/context.ts'
import { findModel } from '../application/find-model.ts'
import { streamInvalid } from '../errors.ts'
import { malformed, ndjsonType } from './json-bodies.ts'

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
for a line that cannot be classified. Ids may repeat. An error without \`line\` is the last line: the answer has broken off there.`,
  querystring: TextOptionsSchema,
  body: {
    content: {
      'application/json': { schema: ClassifyTextsSchema },
      [ndjsonType]: { schema: Type.String() },
    },
  },
  response: {
    200: {
      description: 'Success.',
      content: {
        'application/json': { schema: ClassifyTextsAnswerSchema },
        [ndjsonType]: { schema: Type.String() },
      },
    },
  },
}

const refusals = { limitBytes: Number.MAX_SAFE_INTEGER, invalid: streamInvalid, tooLarge: streamInvalid }

/** `POST /v1/text/classify`. */
export function addClassifyRoute(app: HttpApp, context: TextContext): void {
  app.post(
    '/v1/text/classify',
    { ...undeclaredBodyOf(ndjsonType), config: { scope: 'text', errors: [404, 409] }, schema },
    async (request, reply) => {
      const { tenant } = request.principal
      const body: unknown = request.body
      if (body instanceof Readable) return answerStream(context, { tenant, ...request.query }, { body, reply })
      // Without a content type there is neither a body nor a check of it.
      if (body === undefined) throw malformed('is missing')
      // The query is for streams, and for calls that say nothing else.
      const call = { ...request.query, ...(body as ClassifyTexts) }
      return sendRendered(reply, await classifyTexts(context, tenant, call))
    },
  )
}

async function answerStream(
  context: TextContext,
  call: StreamCall,
  { body, reply }: { readonly body: Readable; readonly reply: object },
): Promise<FastifyReply> {
  // What is wrong with the model is said by the status, before the answer begins.
  const lease = await findModel(context.host, call)
  lease[Symbol.dispose]()
  const answer = new PassThrough()
  void classifyStream(context, call, inflateStream(body, refusals), answer)
  return (reply as FastifyReply).header('content-type', `${ndjsonType}; charset=utf-8`).send(answer)
}
