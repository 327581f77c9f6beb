import type { CreatedTenant, Self, TenantList, TenantStatus } from '@rapport/contracts'
import { undefinedIfAbsent } from '../errors.ts'
import type { HttpClient } from '../http.ts'

/** Tenants. All but `self` need a key of the tenant that runs the installation, with the scope `ops:admin`. */
export class Tenants {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** Which tenant the key belongs to, and what it may do. Any scope. */
  self(): Promise<Self> {
    return this.#http.json({ method: 'GET', path: '/v1/tenants/self' })
  }

  async list(): Promise<TenantList['tenants']> {
    const { tenants } = await this.#http.json<TenantList>({ method: 'GET', path: '/v1/tenants' })
    return tenants
  }

  /** Makes a tenant with a first key that may do everything there; its text is shown this once. */
  create(tenant: string, keyName?: string): Promise<CreatedTenant> {
    const body = { tenant, ...(keyName !== undefined && { keyName }) }
    return this.#http.json({ method: 'POST', path: '/v1/tenants', body })
  }

  /** Undefined when there is no such tenant, or nothing is left of it. */
  get(tenant: string): Promise<TenantStatus | undefined> {
    const path = `/v1/tenants/${encodeURIComponent(tenant)}`
    return undefinedIfAbsent(this.#http.json<TenantStatus>({ method: 'GET', path }))
  }

  /** Stops its keys and begins to remove all its data; `get` is undefined when nothing is left. */
  remove(tenant: string): Promise<TenantStatus> {
    return this.#http.json({ method: 'DELETE', path: `/v1/tenants/${encodeURIComponent(tenant)}` })
  }
}
