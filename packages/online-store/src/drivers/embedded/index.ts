import { systemClock, type Clock, type Log } from '@rapport/core'
import { StoreUnavailableError } from '../../errors.ts'
import { EmbeddedOnlineStore } from './embedded-online-store.ts'
import { openCacheTables, openDocumentTables, openStateTables } from './environments.ts'

export type { EmbeddedOnlineStore } from './embedded-online-store.ts'

export interface EmbeddedOnlineStoreOptions {
  /** Made when absent. Several threads of one process may open it, each once. */
  readonly directory: string
  readonly log: Log
  /** Decides when cached values expire. Default: the system's. */
  readonly clock?: Clock
  /** Default 256 MiB. */
  readonly maxCacheBytes?: number
}

const DEFAULT_MAX_CACHE_BYTES = 256 * 1024 * 1024

/**
 * Opens the online store on LMDB below a folder: state and documents are on disk when a write resolves, cached values are
 * left to the operating system.
 * @throws StoreUnavailableError when the folder cannot be opened.
 */
export async function openEmbeddedOnlineStore(options: EmbeddedOnlineStoreOptions): Promise<EmbeddedOnlineStore> {
  const { directory, log, clock = systemClock, maxCacheBytes = DEFAULT_MAX_CACHE_BYTES } = options
  try {
    const cache = await openCacheTables(directory)
    const state = openStateTables(directory)
    const documents = openDocumentTables(directory)
    return new EmbeddedOnlineStore({ state, documents, cache, clock, log, maxCacheBytes })
  } catch (cause) {
    throw new StoreUnavailableError(`the online store in ${directory} could not be opened`, { cause })
  }
}
