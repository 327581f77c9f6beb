import { ModelNameSchema, TextModelListSchema, TextMonitoringSchema } from '@rapport/contracts'
import type { HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { TextContext } from '../application/context.ts'
import { listTextModels } from '../application/list-models.ts'
import { monitorModel } from '../application/monitor-model.ts'

/** `GET …/models` and `GET …/models/{name}/monitoring`. */
export function addModelsRoutes(app: HttpApp, context: TextContext): void {
  const { prefix, word } = context.profile
  const list = {
    operationId: `list${word}Models`,
    summary: `List the ${word.toLowerCase()} models of this tenant`,
    description: 'Those that have a champion, with its labels and the quality that its training has measured.',
    response: { 200: TextModelListSchema },
  }
  const monitoring = {
    operationId: `monitor${word}Model`,
    summary: 'What the versions of a model have said',
    description: `Labels and confidence of the documents that the process which answers has classified, by version in memory; empty before
the first. \`/metrics\` has the same of every process.`,
    params: Type.Object({ name: ModelNameSchema }),
    response: { 200: TextMonitoringSchema },
  }
  app.get(`${prefix}/models`, { config: { scope: 'text' }, schema: list }, async (request) => ({
    models: [...(await listTextModels(context, request.principal.tenant))],
  }))
  app.get(
    `${prefix}/models/:name/monitoring`,
    { config: { scope: 'text' }, schema: monitoring },
    ({ principal: { tenant }, params: { name } }) => monitorModel(context, { tenant, name }),
  )
}
