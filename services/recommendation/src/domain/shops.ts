import { TenantIndex } from './tenant-index.ts'

/** The tenants' indices, made at first sight. */
export class Shops {
  private readonly byTenant = new Map<string, TenantIndex>()

  find(tenant: string): TenantIndex | undefined {
    return this.byTenant.get(tenant)
  }

  of(tenant: string): TenantIndex {
    const known = this.byTenant.get(tenant)
    if (known !== undefined) return known
    const shop = new TenantIndex(tenant)
    this.byTenant.set(tenant, shop)
    return shop
  }
}
