import { ModelNameSchema, TextModelListSchema, TextMonitoringSchema } from '@rapport/contracts'
import type { HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { TextContext } from '../application/context.ts'
import { listTextModels } from '../application/list-models.ts'
import { monitorModel } from '../application/monitor-model.ts'

const monitoring = {
  operationId: 'monitorTextModel',
  summary: 'What the versions of a model have said',
  description: `Labels and confidence of the documents that the process which answers has classified, by version in memory; empty before
the first. \`/metrics\` has the same of every process.`,
  params: Type.Object({ name: ModelNameSchema }),
  response: { 200: TextMonitoringSchema },
}
const schema = {
  operationId: 'listTextModels',
  summary: 'List the text models of this tenant',
  description: 'Those that have a champion, with its labels and the quality that its training has measured.',
  response: { 200: TextModelListSchema },
}

/** `GET /v1/text/models` and `GET /v1/text/models/{name}/monitoring`. */
export function addModelsRoutes(app: HttpApp, context: TextContext): void {
  app.get('/v1/text/models', { config: { scope: 'text' }, schema }, async (request) => ({
    models: [...(await listTextModels(context, request.principal.tenant))],
  }))
  app.get(
    '/v1/text/models/:name/monitoring',
    { config: { scope: 'text' }, schema: monitoring },
    ({ principal: { tenant }, params: { name } }) => monitorModel(context, { tenant, name }),
  )
}
