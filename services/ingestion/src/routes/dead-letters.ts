import {
  DeadLetterPageSchema,
  DeadLetterTopicSchema,
  ReplayAnswerSchema,
  ReplayRequestSchema,
} from '@rapport/contracts'
import type { HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { DeadLetters } from '../application/dead-letters.ts'

const config = { scope: 'ops:admin' } as const

/** `/v1/dead-letters`: records that consumers could not process. */
export function addDeadLetterRoutes(app: HttpApp, deadLetters: DeadLetters): void {
  const listSchema = {
    summary: 'List dead letters',
    description:
      'Records of the tenant that a consumer could not process and that have not been replayed, oldest first.',
    querystring: Type.Object(
      {
        topic: Type.Optional(DeadLetterTopicSchema),
        after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 })),
      },
      { additionalProperties: false },
    ),
    response: { 200: DeadLetterPageSchema },
  }
  app.get('/v1/dead-letters', { config, schema: listSchema }, (request) => {
    const { topic = 'events', after, limit = 50 } = request.query
    return deadLetters.list({ tenant: request.principal.tenant, topic, after, limit })
  })

  const replaySchema = {
    summary: 'Replay dead letters',
    description:
      'Sends the records through the topics they came from again, after the cause was mended. An event that had taken effect before does not take effect twice. What cannot be sent again is named in `refused`, with the reason, and stays; the others are sent all the same.',
    body: ReplayRequestSchema,
    response: { 200: ReplayAnswerSchema },
  }
  app.post('/v1/dead-letters/replay', { config, schema: replaySchema }, (request) =>
    deadLetters.replay({ ...request.body, tenant: request.principal.tenant }),
  )
}
