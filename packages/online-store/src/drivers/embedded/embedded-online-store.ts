import type { Clock, Log } from '@rapport/core'
import { checkApplications } from '../../check-applications.ts'
import { OnlineStoreInputError, StoreUnavailableError } from '../../errors.ts'
import type { OnlineStore } from '../../online-store.ts'
import { applyAll } from './apply.ts'
import { ValueCache, type CacheStats } from './cache.ts'
import { readDocument, writeDocuments } from './documents.ts'
import type { CacheTables, DocumentTables, StateTables } from './environments.ts'
import { clearTenant, readEntity, scanTenant } from './read.ts'

/** The embedded driver adds what only the process that holds the store can know. */
export interface EmbeddedOnlineStore extends OnlineStore {
  readonly cacheStats: CacheStats
}

export interface EmbeddedParts {
  readonly state: StateTables
  readonly documents: DocumentTables
  readonly cache: CacheTables
  readonly clock: Clock
  readonly log: Log
  readonly maxCacheBytes: number
}

/** The port's methods over open tables. Reads are synchronous inside; writes share commits. */
export function createEmbeddedOnlineStore(parts: EmbeddedParts): EmbeddedOnlineStore {
  const { state, documents, cache: cacheTables, clock, log, maxCacheBytes } = parts
  const cache = new ValueCache(cacheTables, { clock, log, maxBytes: maxCacheBytes })
  let closed = false

  const checkOpen = (): void => {
    if (closed) throw new StoreUnavailableError('the online store is closed')
  }
  async function guarded<T>(what: string, action: () => T | Promise<T>): Promise<T> {
    checkOpen()
    try {
      return await action()
    } catch (cause) {
      if (cause instanceof OnlineStoreInputError || cause instanceof StoreUnavailableError) throw cause
      throw new StoreUnavailableError(`the online store could not ${what}`, { cause })
    }
  }

  return {
    apply: (applications) =>
      guarded('apply changes', () => {
        checkApplications(applications)
        return applications.length === 0 ? [] : applyAll(state, applications)
      }),
    read: (requests) =>
      guarded('read state', () => {
        state.env.resetReadTxn()
        return requests.map((request) => readEntity(state, request))
      }),
    scan: (tenant) => scanTenant(state, tenant, checkOpen),
    clearState: (tenant) =>
      guarded('clear state', async () => {
        await clearTenant(state, tenant)
        cache.clear(tenant)
      }),
    readDocuments: (entities) =>
      guarded('read documents', () => {
        documents.env.resetReadTxn()
        return entities.map((entity) => readDocument(documents, entity))
      }),
    writeDocuments: (writes) =>
      guarded('write documents', () => (writes.length === 0 ? [] : writeDocuments(documents, writes))),
    readCached: (keys) =>
      guarded('read the cache', () => {
        cacheTables.env.resetReadTxn()
        const nowMs = clock.now()
        return keys.map((key) => cache.read(key, nowMs))
      }),
    writeCached: (key, value, ttlMs) =>
      guarded('write the cache', () => {
        if (!(ttlMs > 0 && Number.isFinite(ttlMs)))
          throw new OnlineStoreInputError('ttlMs', 'must be positive and finite')
        cache.write(key, value, ttlMs)
      }),
    ping: () =>
      guarded('answer', () => {
        state.meta.getBinaryFast('ping')
      }),
    get cacheStats() {
      checkOpen()
      return cache.stats
    },
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      await Promise.all([state.env.close(), documents.env.close(), cacheTables.env.close()])
    },
  }
}
