import type { Log } from '@rapport/core'
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
import type { CacheServer } from './cache-server.ts'
import { CommandRunner } from './command-runner.ts'
import type { Connection } from './connection.ts'
import { readDocuments, writeDocuments } from './documents.ts'
import { isDocumentKey, isStateOrCacheKey } from './layout.ts'
import type { ConnectionSettings } from './options.ts'
import { readAll } from './read.ts'
import { removeKeys, scanTenant, type Scan } from './scan.ts'
import { toStoreError } from './server-errors.ts'

export interface RedisOnlineStoreParts {
  readonly log: Log
  /** Where cached values are, if not beside the state. */
  readonly cacheServer: CacheServer | undefined
}

/** The online store on Redis; see `connectRedisOnlineStore`. */
export class RedisOnlineStore implements OnlineStore {
  readonly #connection: Connection
  readonly #runner: CommandRunner
  readonly #cache: ValueCache | CacheServer
  readonly #cacheServer: CacheServer | undefined
  readonly #applier: Applier
  #closing: PromiseLike<void> | undefined

  constructor(connection: Connection, settings: ConnectionSettings, { log, cacheServer }: RedisOnlineStoreParts) {
    this.#connection = connection
    this.#runner = new CommandRunner(connection, { ...settings, log })
    this.#applier = new Applier(this.#runner, settings.commandTimeoutMs)
    this.#cacheServer = cacheServer
    this.#cache = cacheServer ?? new ValueCache(this.#runner, log)
  }

  get session(): number {
    return this.#connection.session
  }

  async apply(applications: readonly Application[], options: ApplyOptions = {}): Promise<EntryOutcome[][]> {
    this.#checkOpen()
    checkApplications(applications)
    return this.#applier.apply(applications, options)
  }

  async read(requests: readonly EntityRead[]): Promise<EntityState[]> {
    this.#checkOpen()
    return readAll(this.#runner, requests)
  }

  scan(tenant: string): AsyncIterable<{ readonly entity: EntityRef; readonly state: EntityState }> {
    return scanTenant(this.#scan, tenant)
  }

  async clearState(tenant: string): Promise<void> {
    this.#checkOpen()
    await removeKeys(this.#scan, tenant, isStateOrCacheKey)
    await this.#cacheServer?.clear(tenant)
  }

  async readDocuments(entities: readonly EntityRef[]): Promise<(Document | undefined)[]> {
    this.#checkOpen()
    return readDocuments(this.#runner, entities)
  }

  async writeDocuments(writes: readonly DocumentWrite[]): Promise<DocumentOutcome[]> {
    this.#checkOpen()
    return writeDocuments(this.#runner, writes)
  }

  async clearDocuments(tenant: string): Promise<void> {
    this.#checkOpen()
    await removeKeys(this.#scan, tenant, isDocumentKey)
  }

  async readCached(keys: readonly CacheKey[]): Promise<(Uint8Array | undefined)[]> {
    this.#checkOpen()
    return this.#cache.read(keys)
  }

  async writeCached(key: CacheKey, value: Uint8Array, ttlMs: number): Promise<void> {
    this.#checkOpen()
    await this.#cache.write(key, value, ttlMs)
  }

  async ping(): Promise<void> {
    this.#checkOpen()
    try {
      await Promise.all(this.#connection.masters().map((master) => master.ping()))
    } catch (error) {
      throw toStoreError('answer', error)
    }
  }

  stats(): OnlineStoreStats {
    return {
      isUnavailable: this.#runner.isUnavailable,
      sessionsLostTotal: this.#connection.session,
      cache: this.#cache.stats,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    await this.#cacheServer?.[Symbol.asyncDispose]()
    await this.#connection[Symbol.asyncDispose]()
  }

  get #scan(): Scan {
    return { connection: this.#connection, runner: this.#runner, checkOpen: () => this.#checkOpen() }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new StoreUnavailableError('the online store is closed')
  }
}
