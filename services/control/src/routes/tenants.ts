import {
  CreatedTenantSchema,
  CreateTenantSchema,
  operatorTenant,
  scopes,
  SelfSchema,
  TenantListSchema,
  TenantParamsSchema,
  TenantStatusSchema,
  type Scope,
  type TenantList,
  type TenantStatus,
} from '@rapport/contracts'
import {
  beginTenantRemoval,
  createTenant,
  HttpError,
  listTenantAccess,
  notFound,
  readTenantAccess,
  readTenantRemoval,
  type AccessDependencies,
  type HttpApp,
  type Principal,
} from '@rapport/service-kit'
import { toCreatedKey } from './keys.ts'

/** What a tenant's first key may do: everything within the tenant. */
export const tenantScopes: readonly Scope[] = scopes.filter((scope) => scope !== 'ops:admin')

const operatorsAlone = 'For keys of the tenant that runs the installation.'

/** `/v1/tenants`. Whoever runs the installation makes and removes tenants: keys of the operator's tenant with `ops:admin`. */
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
  addCreateRoute(app, dependencies)
  addReadRoutes(app, dependencies)
  addRemoveRoute(app, dependencies)
}

function addCreateRoute(app: HttpApp, dependencies: AccessDependencies): void {
  app.post(
    '/v1/tenants',
    {
      config: { scope: 'ops:admin', errors: [409] },
      schema: {
        operationId: 'createTenant',
        summary: 'Create a tenant and its first key',
        description: `The first key may do everything within its tenant. Its text is shown in this answer alone. ${operatorsAlone}`,
        body: CreateTenantSchema,
        response: { 201: CreatedTenantSchema },
      },
    },
    async (request, reply) => {
      requireOperator(request.principal)
      const { tenant, keyName = 'first key' } = request.body
      const created = await createTenant(dependencies, tenant, { name: keyName, scopes: tenantScopes })
      if (created === 'removing') {
        throw new HttpError(409, 'RPT_ACCESS_TENANT_REMOVING', `A tenant "${tenant}" is still being removed.`, [
          { field: 'tenant', reason: 'is being removed' },
        ])
      }
      if (created === 'reserved') {
        throw new HttpError(
          409,
          'RPT_ACCESS_TENANT_RESERVED',
          `The tenant "${tenant}" has the starter models, and no keys.`,
          [{ field: 'tenant', reason: 'is reserved' }],
        )
      }
      if (created === 'exists') {
        throw new HttpError(409, 'RPT_ACCESS_TENANT_EXISTS', `There is a tenant "${tenant}" already.`, [
          { field: 'tenant', reason: 'is taken' },
        ])
      }
      const { access, firstKey } = created
      return reply.code(201).send({ tenant, createdAt: access.createdAt, key: toCreatedKey(firstKey) })
    },
  )
}

function addReadRoutes(app: HttpApp, { objectStore }: AccessDependencies): void {
  app.get(
    '/v1/tenants',
    {
      config: { scope: 'ops:admin' },
      schema: {
        operationId: 'listTenants',
        summary: 'List all tenants',
        description: operatorsAlone,
        response: { 200: TenantListSchema },
      },
    },
    async ({ principal }) => {
      requireOperator(principal)
      const tenants: TenantList['tenants'] = []
      for await (const { tenant, createdAt, keys } of listTenantAccess(objectStore)) {
        tenants.push({ tenant, createdAt, liveKeys: liveKeys(keys) })
      }
      return { tenants }
    },
  )
  app.get(
    '/v1/tenants/:tenant',
    {
      config: { scope: 'ops:admin', errors: [404] },
      schema: {
        operationId: 'getTenant',
        summary: 'A tenant, or how far its removal is',
        description: `404 when there is none, or none any more. ${operatorsAlone}`,
        params: TenantParamsSchema,
        response: { 200: TenantStatusSchema },
      },
    },
    async ({ principal, params: { tenant } }): Promise<TenantStatus> => {
      requireOperator(principal)
      const removal = await readTenantRemoval(objectStore, tenant)
      if (removal !== undefined) return { ...removal, state: 'removing' }
      const stored = await readTenantAccess(objectStore, tenant)
      if (stored === undefined) throw notFound(`tenant "${tenant}"`)
      const { createdAt, keys } = stored.access
      return { tenant, state: 'active', createdAt, liveKeys: liveKeys(keys) }
    },
  )
}

function addRemoveRoute(app: HttpApp, dependencies: AccessDependencies): void {
  app.delete(
    '/v1/tenants/:tenant',
    {
      config: { scope: 'ops:admin', errors: [404, 409] },
      schema: {
        operationId: 'removeTenant',
        summary: 'Remove a tenant with everything it has stored',
        description:
          'Its keys stop at once; then its training jobs are cancelled, and its state, catalogue, archive, models, data sets and ' +
          'jobs removed. `GET` of the same path tells when that is done: it answers 404 then, and the name is free. The event ' +
          `log keeps what it holds, for nobody to read, until its retention ends. A key cannot remove its own tenant. ${operatorsAlone}`,
        params: TenantParamsSchema,
        response: { 202: TenantStatusSchema },
      },
    },
    async ({ principal, params: { tenant } }, reply) => {
      requireOperator(principal)
      if (tenant === principal.tenant) {
        throw new HttpError(409, 'RPT_ACCESS_OWN_TENANT', 'A key cannot remove its own tenant.')
      }
      const removal = await beginTenantRemoval(dependencies, tenant)
      if (removal === undefined) throw notFound(`tenant "${tenant}"`)
      return reply
        .code(202)
        .header('Location', `/v1/tenants/${tenant}`)
        .send({ ...removal, state: 'removing' })
    },
  )
}

const liveKeys = (keys: readonly { readonly revokedAt?: string }[]): number =>
  keys.filter((key) => key.revokedAt === undefined).length

/** The scope alone is not enough: it also covers operating one's own tenant. */
function requireOperator({ tenant }: Principal): void {
  if (tenant === operatorTenant) return
  throw new HttpError(
    403,
    'RPT_ACCESS_OPERATOR_ONLY',
    'Only keys of the tenant that runs the installation may do this.',
  )
}
