import { accessKey, TenantAccessSchema, type TenantAccess } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import { readJsonRecord, type JsonRecord, type ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'

const validator = Compile(TenantAccessSchema)
export const accessPrefix = 'access/'

export interface StoredAccess {
  readonly access: TenantAccess
  readonly etag: string
}

/**
 * A tenant's access record with its etag; undefined when there is no such tenant.
 * @throws RapportError `RPT_ACCESS_CORRUPT` when the object is not an access record.
 */
export async function readTenantAccess(store: ObjectStore, tenant: string): Promise<StoredAccess | undefined> {
  const found = await readJsonRecord(store, accessRecord(tenant))
  return found && { access: found.record, etag: found.etag }
}

/** Where a tenant's access record stands, and what makes an object one. */
export function accessRecord(tenant: string): JsonRecord<TenantAccess> {
  const read = (content: unknown): TenantAccess => {
    if (validator.Check(content) && content.tenant === tenant) return content
    throw new RapportError(
      'RPT_ACCESS_CORRUPT',
      `The access record of tenant "${tenant}" does not have the form of one.`,
    )
  }
  return { key: accessKey(tenant), read }
}

/** The tenant of an access record's object key; undefined for another object. */
export function tenantOfAccessKey(key: string): string | undefined {
  return key.startsWith(accessPrefix) && key.endsWith('.json')
    ? key.slice(accessPrefix.length, -'.json'.length)
    : undefined
}
