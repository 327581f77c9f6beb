import { RapportError, type Clock, type Log } from '@rapport/core'
import { checkApplications } from '../../check-applications.ts'
import { StoreUnavailableError } from '../../errors.ts'
import type {
  Application,
  ApplyOptions,
  CacheKey,
  Document,
  DocumentOutcome,
  DocumentWrite,
  EntityRead,
  EntityRef,
  EntityState,
  EntryOutcome,
  OnlineStore,
  OnlineStoreStats,
} from '../../online-store.ts'
import { Applier } from './applier.ts'
import { ValueCache } from './cache.ts'
import { clearDocuments, readDocument, writeDocuments } from './documents.ts'
import type { CacheTables, DocumentTables, StateTables } from './environments.ts'
import { clearTenant, readEntity, scanTenant } from './read.ts'

export interface EmbeddedParts {
  readonly state: StateTables
  readonly documents: DocumentTables
  readonly cache: CacheTables
  readonly clock: Clock
  readonly log: Log
  readonly maxCacheBytes: number
}

/** The online store on LMDB. Reads are synchronous inside and see one snapshot a call; writes of several callers share commits. */
export class EmbeddedOnlineStore implements OnlineStore {
  readonly #parts: EmbeddedParts
  readonly #applier: Applier
  readonly #cache: ValueCache
  readonly session = 0
  #closed = false

  constructor(parts: EmbeddedParts) {
    this.#parts = parts
    this.#applier = new Applier(parts.state)
    this.#cache = new ValueCache(parts.cache, { clock: parts.clock, log: parts.log, maxBytes: parts.maxCacheBytes })
  }

  apply(applications: readonly Application[], { beforeWrite }: ApplyOptions = {}): Promise<EntryOutcome[][]> {
    return this.#guarded('apply changes', () => {
      checkApplications(applications)
      return applications.length === 0 ? [] : this.#applier.apply(applications, beforeWrite)
    })
  }

  read(requests: readonly EntityRead[]): Promise<EntityState[]> {
    const { state } = this.#parts
    return this.#guarded('read state', () => {
      state.env.resetReadTxn()
      return requests.map((request) => readEntity(state, request))
    })
  }

  scan(tenant: string): AsyncIterable<{ readonly entity: EntityRef; readonly state: EntityState }> {
    return scanTenant(this.#parts.state, tenant, () => this.#checkOpen())
  }

  clearState(tenant: string): Promise<void> {
    return this.#guarded('clear state', async () => {
      await clearTenant(this.#parts.state, tenant)
      this.#checkOpen()
      this.#cache.clear(tenant)
    })
  }

  readDocuments(entities: readonly EntityRef[]): Promise<(Document | undefined)[]> {
    const { documents } = this.#parts
    return this.#guarded('read documents', () => {
      documents.env.resetReadTxn()
      return entities.map((entity) => readDocument(documents, entity))
    })
  }

  writeDocuments(writes: readonly DocumentWrite[]): Promise<DocumentOutcome[]> {
    return this.#guarded('write documents', () =>
      writes.length === 0 ? [] : writeDocuments(this.#parts.documents, writes),
    )
  }

  clearDocuments(tenant: string): Promise<void> {
    return this.#guarded('clear documents', () => clearDocuments(this.#parts.documents, tenant))
  }

  readCached(keys: readonly CacheKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#guarded('read the cache', () => this.#cache.read(keys))
  }

  writeCached(key: CacheKey, value: Uint8Array, ttlMs: number): Promise<void> {
    return this.#guarded('write the cache', () => this.#cache.write(key, value, ttlMs))
  }

  ping(): Promise<void> {
    return this.#guarded('answer', () => {
      this.#parts.state.meta.getBinaryFast('ping')
    })
  }

  stats(): OnlineStoreStats {
    const { droppedTotal } = this.#cache
    return { isUnavailable: false, sessionsLostTotal: 0, cache: { isUnavailable: false, droppedTotal } }
  }

  /** Keys, values and overhead of the cached values, of all who have the folder open. */
  get cacheUsedBytes(): number {
    this.#checkOpen()
    return this.#cache.usedBytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { state, documents, cache } = this.#parts
    await Promise.all([state.env.close(), documents.env.close(), cache.env.close()])
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the online store is closed')
  }

  async #guarded<T>(what: string, action: () => T | Promise<T>): Promise<T> {
    this.#checkOpen()
    try {
      return await action()
    } catch (cause) {
      if (cause instanceof RapportError) throw cause
      // A bug is no outage: a consumer that waited for it to end would wait for ever.
      if (cause instanceof TypeError || cause instanceof RangeError) throw cause
      throw new StoreUnavailableError(`the online store could not ${what}`, { cause })
    }
  }
}
