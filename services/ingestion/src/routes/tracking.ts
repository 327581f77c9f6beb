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
import type { BatchThreads } from '../application/batch-threads.ts'
import { readBatchCall, readCallBody, refuseCall, type CallBody } from '../application/read-call-body.ts'
import { Invalid } from '../domain/invalid.ts'
import { toInstant } from '../domain/parse-time.ts'
import { readSegmentBatch, type BatchReading } from '../domain/read-batch.ts'
import { readEvent } from '../domain/read-event.ts'
import { encodeEvent } from '../domain/encode-event.ts'
import { tooLarge } from '../errors.ts'
import { allowBrowsers } from './cross-origin.ts'
import { ignoreContentTypes, rawBody, takeRawBodies, undeclaredBody } from './raw-body.ts'

export interface TrackingDependencies {
  readonly clock: Clock
  readonly acceptEvents: AcceptEvents
  readonly batchThreads: BatchThreads
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
    const body = await readCallBody(rawBody(request))
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

function addBatchRoute(app: HttpApp, path: '/v1/batch' | '/v1/import', dependencies: TrackingDependencies) {
  const { clock, acceptEvents, batchThreads } = dependencies
  const isImport = path === '/v1/import'
  const schema = {
    summary: isImport ? 'Take events of the past' : 'Take many calls at once',
    description: isImport
      ? 'As `/v1/batch`, but an event’s time is its `timestamp` as it is: the client’s clock is not compared with ours.'
      : 'Events are judged one by one: those in `rejected` are not kept, all others are on disk when the answer comes.',
    body: DocumentedBatchBodySchema,
    response: { 200: BatchAnswerSchema },
  }
  const correctsTime = !isImport
  const readHere = async (request: FastifyRequest, bytes: Buffer): Promise<BatchReading> => {
    const body = await readCallBody(bytes)
    const principal = await authenticate(request, body)
    const { batch, ...call } = readBatchCall(body)
    request.charge(batch.length)
    return readSegmentBatch(batch, { ...callOf(principal, clock), ...call, correctsTime })
  }
  const readOnThread = async (request: FastifyRequest, bytes: Buffer): Promise<BatchReading> => {
    const { tenant, keyId: source } = request.principal
    const { events, reading } = await batchThreads.read(bytes, {
      tenant,
      source,
      receivedMs: clock.now(),
      correctsTime,
    })
    request.charge(events)
    return reading
  }
  const takeBatch = async (request: FastifyRequest): Promise<BatchAnswer> => {
    const bytes = rawBody(request)
    const forThread = isAuthenticated(request) && batchThreads.takes(bytes)
    const reading = forThread ? await readOnThread(request, bytes) : await readHere(request, bytes)
    return acceptEvents(reading, isImport ? 'import' : 'batch')
  }
  app.post(path, { ...options, schema }, takeBatch)
}

const callOf = ({ tenant, keyId }: Principal, clock: Clock) => ({
  tenant,
  source: keyId,
  received: toInstant(clock.now()),
})

/** The key of the headers, otherwise the body's `writeKey`. */
async function authenticate(request: FastifyRequest, body: CallBody): Promise<Principal> {
  return isAuthenticated(request) ? request.principal : request.authenticate(body.writeKey ?? '')
}
