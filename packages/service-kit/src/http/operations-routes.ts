import { Type } from 'typebox'
import type { HttpApp } from '../service.ts'

const LiveSchema = Type.Object({ status: Type.Literal('ok') })
const ReadySchema = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not ready')]),
  /** What the process waits for. */
  waitingFor: Type.Array(Type.String()),
})

export interface OperationsOptions {
  readonly contentType: string
  readonly scrape: () => Promise<string>
  readonly notReady: () => readonly string[]
}

/** `/health/live`, `/health/ready` and `/metrics`: for the machinery that runs the process, without a key. */
export function addOperationsRoutes(app: HttpApp, { contentType, scrape, notReady }: OperationsOptions): void {
  const tags = ['operations']
  app.get(
    '/health/live',
    { schema: { tags, operationId: 'getLiveness', summary: 'The process runs', response: { 200: LiveSchema } } },
    () => ({ status: 'ok' as const }),
  )
  app.get(
    '/health/ready',
    {
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'The process can serve',
        response: { 200: ReadySchema, 503: ReadySchema },
      },
    },
    (_request, reply) => {
      const waitingFor = [...notReady()]
      const status = waitingFor.length === 0 ? ('ready' as const) : ('not ready' as const)
      reply.code(status === 'ready' ? 200 : 503)
      return { status, waitingFor }
    },
  )
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        operationId: 'getMetrics',
        summary: 'Metrics in the Prometheus text format',
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type(contentType).send(await scrape()),
  )
}
