import { TenantIndex } from './tenant-index.ts'

/**
 * The tenants' indices, made at first sight. One is dropped when it holds nothing that could not be had again: its catalogue
 * knows of no item and no model counts by its item numbers. So a model that is loaded always meets the table that it was loaded
 * with. Whoever has no model must not keep item numbers over an `await`.
 */
export class Shops {
  private readonly byTenant = new Map<string, TenantIndex>()
  private readonly models = new Map<TenantIndex, number>()
  private readonly listeners: ((tenant: string) => void)[] = []

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

  /** Calls `listener` when a tenant's item numbers hold no longer. */
  onDrop(listener: (tenant: string) => void): void {
    this.listeners.push(listener)
  }

  /** Notes that a model counts by the shop's item numbers. */
  hold(shop: TenantIndex): void {
    this.models.set(shop, (this.models.get(shop) ?? 0) + 1)
  }

  /** The end of one `hold`. */
  release(shop: TenantIndex): void {
    const left = (this.models.get(shop) ?? 0) - 1
    if (left > 0) {
      this.models.set(shop, left)
      return
    }
    this.models.delete(shop)
    this.dropUnused(shop.tenant)
  }

  /** An item's record is gone from the topic. */
  forgetItem(tenant: string, id: string): void {
    this.find(tenant)?.forgetItem(id)
    this.dropUnused(tenant)
  }

  /** Frees the tenant's index if nothing needs it. */
  dropUnused(tenant: string): void {
    const shop = this.byTenant.get(tenant)
    if (shop === undefined || this.models.has(shop) || shop.catalogue.knowsAny) return
    this.byTenant.delete(tenant)
    for (const listener of this.listeners) listener(tenant)
  }
}
