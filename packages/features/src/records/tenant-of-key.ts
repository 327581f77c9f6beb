import { TenantNameSchema } from '@rapport/contracts'
import { Compile } from 'typebox/compile'

const tenantName = Compile(TenantNameSchema)

/** The tenant that a record belongs to, by its key; undefined when the key names none. */
export function tenantOfKey(key: string): string | undefined {
  const end = key.indexOf('/')
  const tenant = end < 0 ? '' : key.slice(0, end)
  return tenantName.Check(tenant) ? tenant : undefined
}
