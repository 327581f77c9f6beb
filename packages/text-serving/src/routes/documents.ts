import { PassThrough, Readable } from 'node:stream'
import { inflateStream, sendRendered } from '@rapport/service-kit'
import type { FastifyReply } from 'fastify'
import { Type, type TSchema } from 'typebox'
import { answerCall, type DocumentsCall } from '../application/answer-call.ts'
import { answerStream, type StreamCall } from '../application/answer-stream.ts'
import type { TextContext } from '../application/context.ts'
import { findModel } from '../application/find-model.ts'
import { streamInvalid } from '../errors.ts'
import { malformed, ndjsonType } from './json-bodies.ts'

/** What a route says of a body or an answer that is JSON of this schema, or a stream of lines. */
export const jsonOrLines = <T extends TSchema>(schema: T) => ({
  content: {
    'application/json': { schema },
    [ndjsonType]: { schema: Type.String() },
  },
})

const refusals = { limitBytes: Number.MAX_SAFE_INTEGER, invalid: streamInvalid, tooLarge: streamInvalid }

/** A request for documents to be labelled, checked by its route's schema. */
export interface DocumentsRequest {
  readonly principal: { readonly tenant: string }
  readonly query: Omit<StreamCall, 'tenant'>
  /** Of a `DocumentsCall`, or a stream of lines. */
  readonly body: unknown
}

/** Answers a call or a stream of documents. @throws HttpError 400, 404, 409, 413 or 503. */
export async function answerDocuments(
  context: TextContext,
  { principal: { tenant }, query, body }: DocumentsRequest,
  reply: object,
): Promise<FastifyReply> {
  if (body instanceof Readable) return sendStream(context, { tenant, ...query }, { body, reply })
  // Without a content type there is neither a body nor a check of it.
  if (body === undefined) throw malformed('is missing')
  // The query is for streams, and for calls that say nothing else.
  const call = { ...query, ...(body as DocumentsCall) }
  return sendRendered(reply, await answerCall(context, tenant, call))
}

async function sendStream(
  context: TextContext,
  call: StreamCall,
  { body, reply }: { readonly body: Readable; readonly reply: object },
): Promise<FastifyReply> {
  // What is wrong with the model is said by the status, before the answer begins.
  const lease = await findModel(context, call)
  lease[Symbol.dispose]()
  const answer = new PassThrough()
  void answerStream(context, call, inflateStream(body, refusals), answer)
  return (reply as FastifyReply).header('content-type', `${ndjsonType}; charset=utf-8`).send(answer)
}
