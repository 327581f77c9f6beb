import { TextModelListSchema } from '@rapport/contracts'
import type { HttpApp } from '@rapport/service-kit'
import type { TextContext } from '../application/context.ts'
import { listTextModels } from '../application/list-models.ts'

const schema = {
  operationId: 'listTextModels',
  summary: 'List the text models of this tenant',
  description: 'Those that have a champion, with its labels and the quality that its training has measured.',
  response: { 200: TextModelListSchema },
}

/** `GET /v1/text/models`. */
export function addModelsRoute(app: HttpApp, context: TextContext): void {
  app.get('/v1/text/models', { config: { scope: 'text' }, schema }, async (request) => ({
    models: [...(await listTextModels(context, request.principal.tenant))],
  }))
}
