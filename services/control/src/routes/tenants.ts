import {
  CreatedTenantSchema,
  CreateTenantSchema,
  scopes,
  SelfSchema,
  TenantListSchema,
  type Scope,
  type TenantList,
} from '@rapport/contracts'
import { createTenant, HttpError, listTenantAccess, type AccessDependencies, type HttpApp } from '@rapport/service-kit'
import { toCreatedKey } from './keys.ts'

/** What a tenant's first key may do: everything within the tenant. `ops:admin` reaches over tenants and is the operator's. */
export const tenantScopes: readonly Scope[] = scopes.filter((scope) => scope !== 'ops:admin')

/** `/v1/tenants`. Whoever runs the installation makes tenants: the scope `ops:admin`, which no key of a new tenant has. */
export function addTenantRoutes(app: HttpApp, dependencies: AccessDependencies): void {
  app.get(
    '/v1/tenants/self',
    {
      config: { scope: 'any' },
      schema: {
        operationId: 'getSelf',
        summary: 'Who this key is',
        response: { 200: SelfSchema },
      },
    },
    ({ principal }) => ({ tenant: principal.tenant, keyId: principal.keyId, scopes: [...principal.scopes] }),
  )

  app.post(
    '/v1/tenants',
    {
      config: { scope: 'ops:admin', errors: [409] },
      schema: {
        operationId: 'createTenant',
        summary: 'Create a tenant and its first key',
        description: 'The first key may do everything within its tenant. Its text is shown in this answer alone.',
        body: CreateTenantSchema,
        response: { 201: CreatedTenantSchema },
      },
    },
    async (request, reply) => {
      const { tenant, keyName = 'first key' } = request.body
      const created = await createTenant(dependencies, tenant, { name: keyName, scopes: tenantScopes })
      if (created === undefined) {
        throw new HttpError(409, 'RPT_ACCESS_TENANT_EXISTS', `There is a tenant "${tenant}" already.`, [
          { field: 'tenant', reason: 'is taken' },
        ])
      }
      const { access, firstKey } = created
      return reply.code(201).send({ tenant, createdAt: access.createdAt, key: toCreatedKey(firstKey) })
    },
  )

  app.get(
    '/v1/tenants',
    {
      config: { scope: 'ops:admin' },
      schema: { operationId: 'listTenants', summary: 'List all tenants', response: { 200: TenantListSchema } },
    },
    async () => {
      const tenants: TenantList['tenants'] = []
      for await (const { tenant, createdAt, keys } of listTenantAccess(dependencies.objectStore)) {
        tenants.push({ tenant, createdAt, liveKeys: keys.filter((key) => key.revokedAt === undefined).length })
      }
      return { tenants }
    },
  )
}
