import {
  BatchAnswerSchema,
  CloudEventBatchSchema,
  CloudEventSchema,
  ingestionLimits,
  type BatchAnswer,
} from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { HttpApp } from '@rapport/service-kit'
import type { FastifyRequest } from 'fastify'
import type { AcceptEvents } from '../application/accept-events.ts'
import { fromBinaryMode } from '../domain/binary-cloud-event.ts'
import { Invalid } from '../domain/invalid.ts'
import { toInstant } from '../domain/parse-time.ts'
import { readBatch } from '../domain/read-batch.ts'
import { readCloudEvent } from '../domain/read-cloud-event.ts'
import { invalid, tooLarge } from '../errors.ts'
import { readJsonBody, takeRawBodies, undeclaredBody } from './raw-body.ts'

export interface CloudEventsDependencies {
  readonly clock: Clock
  readonly acceptEvents: AcceptEvents
}

const description = `Structured mode (\`application/cloudevents+json\`), batch (\`application/cloudevents-batch+json\`) or
binary mode (any other content type, attributes in \`ce-\` headers, JSON data).

\`id\` is the messageId, \`time\` the event's time. A \`type\` of \`track\`, \`identify\`, \`page\`, \`screen\`, \`group\` or \`alias\`
is that call with \`data\` as its body. Every other \`type\` is a track event with \`data\` as its properties; its name is the event
of the Segment e-commerce spec that the type's last parts spell (\`com.example.order.completed.v1\` is \`Order Completed\`), or
else the type itself. The user is the extension \`userid\`, else \`data.userId\`; the visitor is the extension \`anonymousid\`,
else \`data.anonymousId\`; when none of them is there, \`subject\` is the user.`

const schema = {
  summary: 'Take CloudEvents 1.0',
  description,
  body: {
    content: {
      'application/cloudevents+json': { schema: CloudEventSchema },
      'application/cloudevents-batch+json': { schema: CloudEventBatchSchema },
    },
  },
  response: { 200: BatchAnswerSchema },
}

/** `POST /v1/events`. */
export function addCloudEventsRoute(app: HttpApp, { clock, acceptEvents }: CloudEventsDependencies): void {
  takeRawBodies(app)
  const config = { scope: 'events:write', charge: 'handler' } as const
  const options = { ...undeclaredBody, config, schema, bodyLimit: ingestionLimits.batchBytes }
  const takeEvents = async (request: FastifyRequest): Promise<BatchAnswer> => {
    const elements = await readElements(request)
    if (elements.length > ingestionLimits.batchEvents) {
      throw tooLarge(
        `The batch has ${elements.length} events; at most ${ingestionLimits.batchEvents} are taken at once.`,
      )
    }
    request.charge(elements.length)
    const { tenant, keyId } = request.principal
    const call = { tenant, source: keyId, received: toInstant(clock.now()), correctsTime: true }
    const reading = readBatch(elements, (raw) => ({ event: readCloudEvent(raw, call), raw }))
    return acceptEvents(reading, 'cloudevents')
  }
  app.post('/v1/events', options, takeEvents)
}

async function readElements(request: FastifyRequest): Promise<readonly unknown[]> {
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType === 'application/cloudevents-batch+json') {
    const batch = await readJsonBody(request, ingestionLimits.batchBytes)
    if (!Array.isArray(batch) || batch.length === 0) {
      throw invalid('A batch of CloudEvents must be a JSON array with at least one event.')
    }
    return batch as readonly unknown[]
  }
  if (mediaType === 'application/cloudevents+json') return [await readJsonBody(request, ingestionLimits.batchBytes)]
  const isEmpty = !Buffer.isBuffer(request.body) || request.body.length === 0
  const data = isEmpty ? undefined : await readJsonBody(request, ingestionLimits.batchBytes)
  const event = fromBinaryMode(request.headers, data)
  if (event instanceof Invalid) throw invalid(`The header ${event.field} ${event.reason}.`, [event])
  return [event]
}
