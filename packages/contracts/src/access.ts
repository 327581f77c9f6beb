import { Type, type Static } from 'typebox'

export const scopes = [
  'events:write',
  'catalog:write',
  'features:read',
  'recommend',
  'text',
  'predict',
  'decide',
  'train',
  'models:admin',
  'keys:admin',
  'ops:admin',
  'privacy:erase',
] as const
export const ScopeSchema = Type.Enum(scopes)
export type Scope = (typeof scopes)[number]

/** The tenant that runs the installation: with `ops:admin` its keys, and no others, make, list and remove tenants. */
export const operatorTenant = 'main'

/** Has the models that every tenant falls back to. It has no keys, and nobody can make any: the release alone writes to it. */
export const starterTenant = 'starter'

/** Lower-case letters, digits and hyphens: a tenant's name is a folder and a part of keys. `/v1/tenants/self` is not a tenant. */
export const TenantNameSchema = Type.String({ pattern: '^(?!self$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' })

/** One API key as it is stored: the secret itself is shown once and never kept. */
export const ApiKeyRecordSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** Lower-case hexadecimal SHA-256 of the whole key text. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  scopes: Type.Array(ScopeSchema),
  createdAt: Type.String(),
  revokedAt: Type.Optional(Type.String()),
})
export type ApiKeyRecord = Static<typeof ApiKeyRecordSchema>

/** `access/<tenant>.json` in the object store, replaced by compare-and-set. */
export const TenantAccessSchema = Type.Object({
  tenant: TenantNameSchema,
  createdAt: Type.String(),
  keys: Type.Array(ApiKeyRecordSchema),
})
export type TenantAccess = Static<typeof TenantAccessSchema>

/** Object-store key of a tenant's access record. */
export const accessKey = (tenant: string): string => `access/${tenant}.json`

/** `tenants/<tenant>/removal.json`: the tenant is being removed. It stands from before the access record goes until nothing is left. */
export const TenantRemovalSchema = Type.Object({ tenant: TenantNameSchema, requestedAt: Type.String() })
export type TenantRemoval = Static<typeof TenantRemovalSchema>

/** What the removal records of all tenants start with. */
export const tenantRemovalPrefix = 'tenants/'
/** Object-store key of a tenant's removal record. */
export const tenantRemovalKey = (tenant: string): string => `${tenantRemovalPrefix}${tenant}/removal.json`
