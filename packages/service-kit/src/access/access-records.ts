import { accessKey, TenantAccessSchema, type TenantAccess } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
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
  const found = await store.get(accessKey(tenant))
  if (found === undefined) return undefined
  return { access: parseAccess(found.body, tenant), etag: found.object.etag }
}

function parseAccess(body: Uint8Array, tenant: string): TenantAccess {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (cause) {
    throw new RapportError('RPT_ACCESS_CORRUPT', `The access record of tenant "${tenant}" is not JSON.`, { cause })
  }
  if (!validator.Check(value) || value.tenant !== tenant) {
    throw new RapportError(
      'RPT_ACCESS_CORRUPT',
      `The access record of tenant "${tenant}" does not have the form of one.`,
    )
  }
  return value
}

export const encodeAccess = (access: TenantAccess): Uint8Array => Buffer.from(JSON.stringify(access))

/** The tenant of an access record's object key; undefined for another object. */
export function tenantOfAccessKey(key: string): string | undefined {
  return key.startsWith(accessPrefix) && key.endsWith('.json')
    ? key.slice(accessPrefix.length, -'.json'.length)
    : undefined
}
