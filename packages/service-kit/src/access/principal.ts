import type { Scope } from '@rapport/contracts'

/** Who calls: the tenant comes from the credential and from nowhere else. */
export interface Principal {
  readonly tenant: string
  readonly keyId: string
  readonly scopes: ReadonlySet<Scope>
}
