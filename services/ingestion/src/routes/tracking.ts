import {
  BatchAnswerSchema,
  CallAnswerSchema,
  callSchemas,
  DocumentedBatchBodySchema,
  eventTypes,
  ingestionLimits,
  type BatchAnswer,
  type CallAnswer,
  type EventType,
} from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import { isAuthenticated, type HttpApp, type Principal } from '@rapport/service-kit'
import type { FastifyRequest } from 'fastify'
import type { AcceptEvents } from '../application/accept-events.ts'
import { Invalid } from '../domain/invalid.ts'
import { isJsonObject, readObject, type JsonObject } from '../domain/json-values.ts'
import { toInstant } from '../domain/parse-time.ts'
import { readSegmentBatch } from '../domain/read-batch.ts'
import { readEvent, readTime, type CallContext } from '../domain/read-event.ts'
import { encodeEvent } from '../domain/encode-event.ts'
import { invalid, tooLarge } from '../errors.ts'
import { allowBrowsers } from './cross-origin.ts'
import { ignoreContentTypes, readJsonBody, takeRawBodies, undeclaredBody } from './raw-body.ts'

export interface TrackingDependencies {
  readonly clock: Clock
  readonly acceptEvents: AcceptEvents
}

const config = { scope: 'events:write', auth: 'handler', charge: 'handler' } as const
const options = { ...undeclaredBody, config, bodyLimit: ingestionLimits.batchBytes }

/** The Segment HTTP Tracking API. */
export function addTrackingRoutes(app: HttpApp, dependencies: TrackingDependencies): void {
  ignoreContentTypes(app)
  takeRawBodies(app)
  allowBrowsers(app)
  for (const type of eventTypes) addCallRoute(app, type, dependencies)
  addBatchRoute(app, '/v1/batch', dependencies)
  addBatchRoute(app, '/v1/import', dependencies)
}

function addCallRoute(app: HttpApp, type: EventType, { clock, acceptEvents }: TrackingDependencies): void {
  const schema = {
    summary: `Take ${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} call`,
    description: `As the Segment HTTP Tracking API has it, at most ${ingestionLimits.eventBytes} bytes. Fields that are not named here are accepted and not kept. The answer comes when it is on disk.`,
    body: callSchemas[type],
    response: { 200: CallAnswerSchema },
  }
  const takeCall = async (request: FastifyRequest): Promise<CallAnswer> => {
    const body = await readCallBody(request)
    const principal = await authenticate(request, body)
    request.charge(1)
    const event = readEvent(body, { ...callOf(principal, clock), type, correctsTime: true })
    if (event instanceof Invalid) throw refuseCall(event)
    const encoded = encodeEvent(event, body)
    if (encoded instanceof Invalid) throw tooLarge(`The event ${encoded.reason}.`)
    await acceptEvents({ accepted: [encoded], rejected: [], bytes: encoded.value.byteLength }, type)
    return { success: true, messageId: event.messageId }
  }
  app.post(`/v1/${type}`, { ...options, schema }, takeCall)
}

function addBatchRoute(app: HttpApp, path: '/v1/batch' | '/v1/import', { clock, acceptEvents }: TrackingDependencies) {
  const isImport = path === '/v1/import'
  const schema = {
    summary: isImport ? 'Take events of the past' : 'Take many calls at once',
    description: isImport
      ? 'As `/v1/batch`, but an event’s time is its `timestamp` as it is: the client’s clock is not compared with ours.'
      : 'Events are judged one by one: those in `rejected` are not kept, all others are on disk when the answer comes.',
    body: DocumentedBatchBodySchema,
    response: { 200: BatchAnswerSchema },
  }
  const takeBatch = async (request: FastifyRequest): Promise<BatchAnswer> => {
    const body = await readCallBody(request)
    const principal = await authenticate(request, body)
    const { batch, ...call } = readBatchCall(body)
    request.charge(batch.length)
    const reading = readSegmentBatch(batch, { ...callOf(principal, clock), ...call, correctsTime: !isImport })
    return acceptEvents(reading, isImport ? 'import' : 'batch')
  }
  app.post(path, { ...options, schema }, takeBatch)
}

const callOf = ({ tenant, keyId }: Principal, clock: Clock) => ({
  tenant,
  source: keyId,
  received: toInstant(clock.now()),
})

async function readCallBody(request: FastifyRequest): Promise<JsonObject> {
  const body = await readJsonBody(request, ingestionLimits.batchBytes)
  if (!isJsonObject(body))
    throw invalid('The body must be a JSON object.', [{ field: '', reason: 'must be an object' }])
  return body
}

/** The key of the headers, otherwise the body's `writeKey`. */
async function authenticate(request: FastifyRequest, body: JsonObject): Promise<Principal> {
  const { writeKey } = body
  if (writeKey !== undefined && typeof writeKey !== 'string') {
    throw refuseCall(new Invalid('writeKey', 'must be a string'))
  }
  return isAuthenticated(request) ? request.principal : request.authenticate(writeKey ?? '')
}

function readBatchCall(body: JsonObject): Pick<CallContext, 'sentAt' | 'context'> & { batch: readonly unknown[] } {
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

const refuseCall = ({ field, reason }: Invalid) =>
  invalid(`The call is not valid: ${field === '' ? 'it' : field} ${reason}.`, [{ field, reason }])
