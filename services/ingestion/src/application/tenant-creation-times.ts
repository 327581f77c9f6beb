import type { Clock, Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { readTenantAccess } from '@rapport/service-kit'

/** Well below the time that a removal leaves between the end of access and its first step. */
const freshMs = 500

interface Known {
  readonly createdAtMs: number | undefined
  readonly atMs: number
}

/** Since when tenants exist; what is known is never older than half a second, unless the object store does not answer. */
export class TenantCreationTimes {
  readonly #objectStore: ObjectStore
  readonly #clock: Clock
  readonly #log: Log
  readonly #known = new Map<string, Known>()

  constructor({ objectStore, clock, log }: { objectStore: ObjectStore; clock: Clock; log: Log }) {
    this.#objectStore = objectStore
    this.#clock = clock
    this.#log = log
  }

  /** Undefined when there is no such tenant, or it is being removed. */
  async createdAtMs(tenant: string): Promise<number | undefined> {
    const known = this.#known.get(tenant)
    if (known !== undefined && this.#clock.now() - known.atMs < freshMs) return known.createdAtMs
    try {
      const stored = await readTenantAccess(this.#objectStore, tenant)
      const createdAtMs = stored === undefined ? undefined : Date.parse(stored.access.createdAt)
      this.#known.set(tenant, { createdAtMs, atMs: this.#clock.now() })
      return createdAtMs
    } catch (error) {
      // As for keys: while the store does not answer, what is known stays.
      if (known === undefined) throw error
      this.#log.warn({ err: error, tenant }, 'whether a tenant is still there could not be read')
      return known.createdAtMs
    }
  }
}
