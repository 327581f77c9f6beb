import { ingestionLimits, ItemAnswerSchema, ItemBodySchema, ItemPatchSchema } from '@rapport/contracts'
import { ErrorRef, type HttpApp } from '@rapport/service-kit'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ItemChanges } from '../application/change-item.ts'
import { toEtag, type Preconditions } from '../domain/preconditions.ts'
import { toItemAnswer } from '../domain/stored-item.ts'

const ParamsSchema = Type.Object({ id: Type.String({ minLength: 1, maxLength: ingestionLimits.nameLength }) })
const ConditionsSchema = Type.Object({
  'if-match': Type.Optional(
    Type.String({ minLength: 1, description: 'The ETag of the version that must stand, or `*` for any.' }),
  ),
  'if-none-match': Type.Optional(
    Type.String({ minLength: 1, description: '`*`: no item may stand there yet. An ETag: not that version.' }),
  ),
})
const errors = { 404: ErrorRef, 409: ErrorRef, 412: ErrorRef }
const config = { scope: 'catalog:write' } as const
const bodyLimit = ingestionLimits.itemBytes
const afterUnknown = 'After a 503 the change may have been made or not: read the item, or send the call again.'

/** The items of a tenant, one by one. A read sees every change that was answered before it. */
export function addItemRoutes(app: HttpApp, changes: ItemChanges): void {
  addMergePatchType(app)
  addReadRoute(app, changes)
  addPutRoute(app, changes)
  addPatchRoute(app, changes)
  addDeleteRoute(app, changes)
}

function addMergePatchType(app: HttpApp): void {
  app.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
}

function addReadRoute(app: HttpApp, changes: ItemChanges): void {
  const schema = {
    summary: 'Read an item',
    params: ParamsSchema,
    response: { 200: ItemAnswerSchema, 404: ErrorRef },
  }
  app.get('/v1/items/:id', { config, schema }, async (request, reply) => {
    const { id } = request.params
    const item = await changes.get({ tenant: request.principal.tenant, id })
    return reply.header('etag', toEtag(item.version)).send(toItemAnswer(id, item))
  })
}

function addPutRoute(app: HttpApp, changes: ItemChanges): void {
  const schema = {
    summary: 'Write an item whole',
    description: `Every PUT makes a new version and publishes it, also when nothing differs. ${afterUnknown}`,
    params: ParamsSchema,
    headers: ConditionsSchema,
    body: ItemBodySchema,
    response: { 200: ItemAnswerSchema, 201: ItemAnswerSchema, 409: ErrorRef, 412: ErrorRef },
  }
  app.put('/v1/items/:id', { config, schema, bodyLimit }, async (request, reply) => {
    const { id } = request.params
    const address = { tenant: request.principal.tenant, id }
    const { item, created } = await changes.put(address, request.body, conditionsOf(request))
    return reply
      .code(created ? 201 : 200)
      .header('etag', toEtag(item.version))
      .send(toItemAnswer(id, item))
  })
}

function addPatchRoute(app: HttpApp, changes: ItemChanges): void {
  const schema = {
    summary: 'Change fields of an item',
    description: `A JSON merge patch (RFC 7396): null removes a field. Without \`If-Match\` it is applied to whatever stands; 409 when
others keep changing the item meanwhile. ${afterUnknown}`,
    params: ParamsSchema,
    headers: ConditionsSchema,
    consumes: ['application/json', 'application/merge-patch+json'],
    body: ItemPatchSchema,
    response: { 200: ItemAnswerSchema, ...errors },
  }
  app.patch('/v1/items/:id', { config, schema, bodyLimit }, async (request, reply) => {
    const { id } = request.params
    const address = { tenant: request.principal.tenant, id }
    const item = await changes.patch(address, request.body, conditionsOf(request))
    return reply.header('etag', toEtag(item.version)).send(toItemAnswer(id, item))
  })
}

function addDeleteRoute(app: HttpApp, changes: ItemChanges): void {
  const schema = {
    summary: 'Delete an item',
    description: `It is recommended no more. Its versions go on growing when it is written again. ${afterUnknown}`,
    params: ParamsSchema,
    headers: ConditionsSchema,
    response: { 204: Type.Null(), ...errors },
  }
  app.delete('/v1/items/:id', { config, schema }, async (request, reply) => {
    await changes.remove({ tenant: request.principal.tenant, id: request.params.id }, conditionsOf(request))
    return reply.code(204).send(null)
  })
}

const conditionsOf = ({ headers }: Pick<FastifyRequest, 'headers'>): Preconditions => ({
  ifMatch: headers['if-match'],
  ifNoneMatch: headers['if-none-match'],
})
