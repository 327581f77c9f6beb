import { ingestionLimits } from '@rapport/contracts'
import { Invalid } from '../domain/invalid.ts'
import { isJsonObject, readObject, type JsonObject } from '../domain/json-values.ts'
import { readTime, type CallContext } from '../domain/read-event.ts'
import { invalid, tooLarge } from '../errors.ts'
import { parseBody } from './inflate-body.ts'

/** A call, not read any further; its key may stand in it instead of in a header. */
export type CallBody = JsonObject & { readonly writeKey?: string | undefined }

/** The JSON object of a call's body, gzipped or not. @throws HttpError 400, 413. */
export async function readCallBody(bytes: Buffer): Promise<CallBody> {
  const body = await parseBody(bytes, ingestionLimits.batchBytes)
  if (!isJsonObject(body)) {
    throw invalid('The body must be a JSON object.', [{ field: '', reason: 'must be an object' }])
  }
  if (!hasTextKey(body)) throw refuseCall(new Invalid('writeKey', 'must be a string'))
  return body
}

/** What a body of `/v1/batch` or `/v1/import` says of all its events. @throws HttpError 400, 413. */
export function readBatchCall(
  body: JsonObject,
): Pick<CallContext, 'sentAt' | 'context'> & { batch: readonly unknown[] } {
  const { batch } = body
  if (!Array.isArray(batch)) throw refuseCall(new Invalid('batch', 'must be an array of events'))
  if (batch.length === 0) throw refuseCall(new Invalid('batch', 'must hold at least one event'))
  if (batch.length > ingestionLimits.batchEvents) {
    throw tooLarge(`The batch has ${batch.length} events; at most ${ingestionLimits.batchEvents} are taken at once.`)
  }
  const sentAt = readTime(body['sentAt'], 'sentAt')
  if (sentAt instanceof Invalid) throw refuseCall(sentAt)
  const context = readObject(body['context'], 'context')
  if (context instanceof Invalid) throw refuseCall(context)
  return { batch: batch as readonly unknown[], sentAt, context }
}

export const refuseCall = ({ field, reason }: Invalid) =>
  invalid(`The call is not valid: ${field === '' ? 'it' : field} ${reason}.`, [{ field, reason }])

const hasTextKey = (body: JsonObject): body is CallBody =>
  body['writeKey'] === undefined || typeof body['writeKey'] === 'string'
