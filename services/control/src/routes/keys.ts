import {
  CreatedKeySchema,
  CreateKeySchema,
  KeyListSchema,
  KeySchema,
  type ApiKeyRecord,
  type CreatedKeyAnswer,
  type Key,
} from '@rapport/contracts'
import {
  createKey,
  HttpError,
  notFound,
  readTenantAccess,
  revokeKey,
  type AccessDependencies,
  type CreatedKey,
  type HttpApp,
} from '@rapport/service-kit'
import { Type } from 'typebox'

const config = { scope: 'keys:admin' } as const
const KeyParamsSchema = Type.Object({ id: Type.String({ pattern: '^key_[A-Za-z0-9_-]{1,64}$' }) })

/** A key's record without its hash. */
export const toKey = ({ id, name, scopes, createdAt, revokedAt }: ApiKeyRecord): Key => ({
  id,
  name,
  scopes,
  createdAt,
  ...(revokedAt === undefined ? {} : { revokedAt }),
})

export const toCreatedKey = ({ key, record }: CreatedKey): CreatedKeyAnswer => ({ ...toKey(record), key })

/** `/v1/keys`: the keys of the caller's tenant. */
export function addKeyRoutes(app: HttpApp, dependencies: AccessDependencies): void {
  addCreateRoute(app, dependencies)
  addListRoute(app, dependencies)
  addRevokeRoute(app, dependencies)
}

function addCreateRoute(app: HttpApp, dependencies: AccessDependencies): void {
  app.post(
    '/v1/keys',
    {
      config,
      schema: {
        operationId: 'createKey',
        summary: 'Create a key of this tenant',
        description:
          'A key can hand on only scopes that it has. The text of the new key is shown in this answer alone.',
        body: CreateKeySchema,
        response: { 201: CreatedKeySchema },
      },
    },
    async (request, reply) => {
      const { tenant, scopes } = request.principal
      const details = request.body.scopes.flatMap((scope, index) =>
        scopes.has(scope)
          ? []
          : [{ field: `scopes.${index}`, reason: `"${scope}" is not a scope of the key that asks` }],
      )
      if (details.length > 0) {
        throw new HttpError(403, 'RPT_ACCESS_ESCALATION', 'A key can hand on only scopes that it has.', details)
      }
      const created = await createKey(dependencies, tenant, request.body)
      if (created === undefined) throw notFound(`tenant "${tenant}"`)
      return reply.code(201).send(toCreatedKey(created))
    },
  )
}

function addListRoute(app: HttpApp, dependencies: AccessDependencies): void {
  app.get(
    '/v1/keys',
    {
      config,
      schema: {
        operationId: 'listKeys',
        summary: 'List the keys of this tenant, revoked ones too',
        response: { 200: KeyListSchema },
      },
    },
    async (request) => {
      const stored = await readTenantAccess(dependencies.objectStore, request.principal.tenant)
      return { keys: (stored?.access.keys ?? []).map(toKey) }
    },
  )
}

function addRevokeRoute(app: HttpApp, dependencies: AccessDependencies): void {
  app.delete(
    '/v1/keys/:id',
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke a key; every process refuses it within a minute',
        description:
          'Its record stays, with the time. The last key that can administer keys cannot be revoked: make another one first.',
        params: KeyParamsSchema,
        response: { 200: KeySchema },
      },
    },
    async (request) => {
      const { id } = request.params
      const outcome = await revokeKey(dependencies, request.principal.tenant, id)
      if (outcome === 'unknown') throw notFound(`key ${id}`)
      if (outcome === 'last-admin') {
        throw new HttpError(
          409,
          'RPT_ACCESS_LAST_ADMIN',
          'This is the last key of the tenant with the scope "keys:admin"; create another one before you revoke it.',
        )
      }
      return toKey(outcome)
    },
  )
}
