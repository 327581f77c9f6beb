import {
  accessKey,
  operatorTenant,
  scopes,
  starterTenant,
  type ApiKeyRecord,
  type Scope,
  type TenantAccess,
} from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import { changeJsonRecord, toJsonBytes, type ObjectStore } from '@rapport/object-store'
import { randomBytes } from 'node:crypto'
import { announceAccess, type AccessDependencies } from './announce-access.ts'
import { accessPrefix, accessRecord, readTenantAccess, tenantOfAccessKey } from './access-records.ts'
import { createApiKeyText, hashApiKey } from './api-key.ts'
import { readTenantRemoval } from './tenant-removal.ts'

export interface NewKey {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Made up when not given. */
  readonly text?: string
}

/** A key as it is shown once. */
export interface CreatedKey {
  /** The key's text: kept nowhere. */
  readonly key: string
  readonly record: ApiKeyRecord
}

export interface NewTenant {
  readonly access: TenantAccess
  readonly firstKey: CreatedKey
}

/**
 * A tenant with its first key. `exists`: there is one of the name. `removing`: one of the name is not gone altogether.
 * `reserved`: the name is that of the starter models, for which nobody has a key.
 */
export async function createTenant(
  dependencies: AccessDependencies,
  tenant: string,
  firstKey: NewKey,
): Promise<NewTenant | 'exists' | 'removing' | 'reserved'> {
  if (tenant === starterTenant) return 'reserved'
  if ((await readTenantRemoval(dependencies.objectStore, tenant)) !== undefined) return 'removing'
  const createdAt = new Date(dependencies.clock.now()).toISOString()
  const created = makeKey(firstKey, createdAt)
  const access: TenantAccess = { tenant, createdAt, keys: [created.record] }
  const outcome = await dependencies.objectStore.put(accessKey(tenant), toJsonBytes(access), { ifAbsent: true })
  if (!outcome.stored) return 'exists'
  await announceAccess(dependencies, tenant)
  return { access, firstKey: created }
}

/** A further key of a tenant; undefined when there is no such tenant. */
export async function createKey(
  dependencies: AccessDependencies,
  tenant: string,
  key: NewKey,
): Promise<CreatedKey | undefined> {
  const created = makeKey(key, new Date(dependencies.clock.now()).toISOString())
  const changed = await change(dependencies, tenant, (access) => ({
    ...access,
    keys: [...access.keys, created.record],
  }))
  return changed === undefined ? undefined : created
}

/**
 * Makes sure that the operator's tenant has a key of this text that may do everything, so that an installation whose
 * processes share no folder can be given its first key. `revoked`: it has been one, and stays revoked.
 */
export async function ensureAdminKey(
  dependencies: AccessDependencies,
  text: string,
): Promise<'made' | 'known' | 'revoked'> {
  const key = { name: 'admin', scopes, text }
  const created = await createTenant(dependencies, operatorTenant, key)
  if (typeof created !== 'string') return 'made'
  const { record } = makeKey(key, new Date(dependencies.clock.now()).toISOString())
  const isSame = ({ sha256 }: ApiKeyRecord): boolean => sha256 === record.sha256
  const access = await change(dependencies, operatorTenant, (before) =>
    before.keys.some(isSame) ? before : { ...before, keys: [...before.keys, record] },
  )
  const standing = access?.keys.find(isSame)
  if (standing === undefined) {
    throw new RapportError('RPT_ACCESS_TENANT_REMOVING', `The tenant "${operatorTenant}" is being removed.`)
  }
  if (standing.id === record.id) return 'made'
  return standing.revokedAt === undefined ? 'known' : 'revoked'
}

/**
 * Revokes a key; its record stays, with the time of the first revocation. `last-admin`: without this key nobody could
 * administer the tenant's keys, so it stays.
 */
export async function revokeKey(
  dependencies: AccessDependencies,
  tenant: string,
  keyId: string,
): Promise<ApiKeyRecord | 'unknown' | 'last-admin'> {
  const revokedAt = new Date(dependencies.clock.now()).toISOString()
  let isLastAdmin = false
  const access = await change(dependencies, tenant, (before) => {
    const key = before.keys.find(({ id }) => id === keyId)
    if (key === undefined || key.revokedAt !== undefined) return before
    isLastAdmin = administers(key) && !before.keys.some((other) => other !== key && administers(other))
    if (isLastAdmin) return before
    return { ...before, keys: before.keys.map((each) => (each === key ? { ...key, revokedAt } : each)) }
  })
  if (isLastAdmin) return 'last-admin'
  return access?.keys.find(({ id }) => id === keyId) ?? 'unknown'
}

const administers = ({ scopes, revokedAt }: ApiKeyRecord): boolean =>
  revokedAt === undefined && scopes.includes('keys:admin')

/** Every tenant's access record, by name. */
export async function* listTenantAccess(objectStore: ObjectStore): AsyncIterable<TenantAccess> {
  for await (const object of objectStore.list(accessPrefix)) {
    const tenant = tenantOfAccessKey(object.key)
    const stored = tenant === undefined ? undefined : await readTenantAccess(objectStore, tenant)
    if (stored !== undefined) yield stored.access
  }
}

function makeKey({ name, scopes: wanted, text }: NewKey, createdAt: string): CreatedKey {
  const key = text ?? createApiKeyText()
  const id = `key_${randomBytes(9).toString('base64url')}`
  const ordered = scopes.filter((scope) => wanted.includes(scope))
  return { key, record: { id, name, sha256: hashApiKey(key), scopes: ordered, createdAt } }
}

/**
 * Changes a tenant's record (see `changeJsonRecord`) and announces it.
 * @throws RapportError `RPT_ACCESS_CORRUPT`; RecordContendedError
 */
async function change(
  dependencies: AccessDependencies,
  tenant: string,
  update: (access: TenantAccess) => TenantAccess,
): Promise<TenantAccess | undefined> {
  const { record, isWritten } = await changeJsonRecord(
    dependencies.objectStore,
    accessRecord(tenant),
    (access) => access && update(access),
  )
  if (isWritten) await announceAccess(dependencies, tenant)
  return record
}
