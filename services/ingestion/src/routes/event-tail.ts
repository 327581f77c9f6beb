import { EventTailAnswerSchema, TailCursorSchema } from '@rapport/contracts'
import type { HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { TailEvents } from '../application/tail-events.ts'

const schema = {
  summary: 'Follow accepted events',
  description: 'Without `cursor` the newest events of the tenant; with the `cursor` of an answer those accepted since.',
  querystring: Type.Object(
    {
      cursor: Type.Optional(TailCursorSchema),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 })),
    },
    { additionalProperties: false },
  ),
  response: { 200: EventTailAnswerSchema },
}

/** `GET /v1/events`. */
export function addEventTailRoute(app: HttpApp, tailEvents: TailEvents): void {
  app.get('/v1/events', { config: { scope: 'ops:admin' }, schema }, (request) => {
    const { cursor, limit = 50 } = request.query
    return tailEvents({ tenant: request.principal.tenant, cursor, limit })
  })
}
