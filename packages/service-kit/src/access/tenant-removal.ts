import {
  accessKey,
  tenantRemovalKey,
  tenantRemovalPrefix,
  TenantRemovalSchema,
  type TenantRemoval,
} from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { announceNoAccess, type AccessDependencies } from './announce-access.ts'

const validator = Compile(TenantRemovalSchema)

/**
 * Begins to remove a tenant: records that it is being removed, then stops its keys. What it has stored is removed by
 * whoever watches the records, which also ends the record. A removal that is under way is answered as it stands;
 * undefined when there is no such tenant.
 */
export async function beginTenantRemoval(
  dependencies: AccessDependencies,
  tenant: string,
): Promise<TenantRemoval | undefined> {
  const { objectStore, clock } = dependencies
  const standing = await readTenantRemoval(objectStore, tenant)
  if (standing !== undefined) return standing
  if ((await objectStore.head(accessKey(tenant))) === undefined) return undefined
  const removal: TenantRemoval = { tenant, requestedAt: new Date(clock.now()).toISOString() }
  const body = Buffer.from(JSON.stringify(removal))
  const { stored } = await objectStore.put(tenantRemovalKey(tenant), body, { ifAbsent: true })
  await withdrawAccess(dependencies, tenant)
  return stored ? removal : readTenantRemoval(objectStore, tenant)
}

/** Stops all keys of a tenant, for good. */
export async function withdrawAccess(dependencies: AccessDependencies, tenant: string): Promise<void> {
  await dependencies.objectStore.delete([accessKey(tenant)])
  await announceNoAccess(dependencies, tenant)
}

/**
 * Undefined when the tenant is not being removed.
 * @throws RapportError `RPT_ACCESS_REMOVAL_CORRUPT` when the object is no such record.
 */
export async function readTenantRemoval(objectStore: ObjectStore, tenant: string): Promise<TenantRemoval | undefined> {
  const found = await objectStore.get(tenantRemovalKey(tenant))
  return found === undefined ? undefined : parse(found.body, tenant)
}

/** Every removal that is under way, by tenant. */
export async function* listTenantRemovals(objectStore: ObjectStore): AsyncIterable<TenantRemoval> {
  for await (const { key } of objectStore.list(tenantRemovalPrefix)) {
    const tenant = key.slice(tenantRemovalPrefix.length, key.lastIndexOf('/'))
    const removal = key === tenantRemovalKey(tenant) ? await readTenantRemoval(objectStore, tenant) : undefined
    if (removal !== undefined) yield removal
  }
}

function parse(body: Uint8Array, tenant: string): TenantRemoval {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (cause) {
    throw corrupt(tenant, cause)
  }
  if (!validator.Check(value) || value.tenant !== tenant) throw corrupt(tenant)
  return value
}

const corrupt = (tenant: string, cause?: unknown): RapportError =>
  new RapportError('RPT_ACCESS_REMOVAL_CORRUPT', `The removal record of tenant "${tenant}" is not one.`, { cause })
