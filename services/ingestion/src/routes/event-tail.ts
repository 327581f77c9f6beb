import { EventTailAnswerSchema } from '@rapport/contracts'
import type { HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { TailEvents } from '../application/tail-events.ts'

const schema = {
  summary: 'Follow accepted events',
  description: 'Without `cursor` the newest events of the tenant; with the `cursor` of an answer those accepted since.',
  querystring: Type.Object({
    cursor: Type.Optional(Type.String({ maxLength: 2048 })),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 50 }),
  }),
  response: { 200: EventTailAnswerSchema },
}

/** `GET /v1/events`. */
export function addEventTailRoute(app: HttpApp, tailEvents: TailEvents): void {
  app.get('/v1/events', { config: { scope: 'ops:admin' }, schema }, (request) => {
    const { cursor, limit } = request.query
    return tailEvents({ tenant: request.principal.tenant, cursor, limit })
  })
}
