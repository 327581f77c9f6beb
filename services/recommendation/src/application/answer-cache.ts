import type { Clock, Log } from '@rapport/core'
import { entities } from '@rapport/features'
import type { CacheKey, OnlineStore } from '@rapport/online-store'
import { LRUCache } from 'lru-cache'
import { createHash } from 'node:crypto'
import { decodeCacheEntry, encodeCacheEntry, type CacheEntry } from '../domain/cache-entry.ts'

/** What makes two requests ask for the same answer. */
export interface AnswerKey {
  readonly tenant: string
  readonly userId: string
  readonly count: number
  readonly category?: string | undefined
}

export interface AnswerCacheOptions {
  readonly onlineStore: OnlineStore
  readonly clock: Clock
  readonly log: Log
  readonly ttlMs: number
  /** For answers remembered by this process. */
  readonly memoryBytes: number
}

/** Share of the time to live by which it varies: answers made together must not all have to be made again together. */
const ttlSpread = 0.5

/** Of a remembered answer besides its texts. */
const overheadBytes = 1024

/**
 * Kept answers: in the online store for every process, and the last used ones decoded in this process's memory. Whether an
 * answer still stands is for the caller to judge, by its header; only its time is judged here.
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions
  readonly #remembered: LRUCache<string, CacheEntry>

  constructor(options: AnswerCacheOptions) {
    this.#options = options
    this.#remembered = new LRUCache({ maxSize: options.memoryBytes })
  }

  /** From this process's memory. */
  recall(key: AnswerKey): CacheEntry | undefined {
    return this.#inTime(this.#remembered.get(memoryKey(key)))
  }

  /** From the online store; remembered from now on. */
  async read(key: AnswerKey): Promise<CacheEntry | undefined> {
    const [stored] = await this.#options.onlineStore.readCached([storeKey(key)])
    const entry = this.#inTime(stored === undefined ? undefined : decodeCacheEntry(stored))
    if (entry !== undefined) this.#remember(key, entry)
    return entry
  }

  /** Keeps an answer; whoever made it does not wait for the store. */
  write(key: AnswerKey, answer: Omit<CacheEntry, 'header'> & { header: Omit<CacheEntry['header'], 'untilMs'> }): void {
    const { onlineStore, clock, log } = this.#options
    const ttlMs = this.#options.ttlMs * (1 - Math.random() * ttlSpread)
    const entry: CacheEntry = { ...answer, header: { ...answer.header, untilMs: clock.now() + ttlMs } }
    this.#remember(key, entry)
    onlineStore.writeCached(storeKey(key), encodeCacheEntry(entry), ttlMs).catch((error: unknown) => {
      log.warn({ err: error }, 'an answer could not be cached')
    })
  }

  /** Drops what this process remembers of a tenant: it may be another one of the same name. */
  forget(tenant: string): void {
    const prefix = `${tenant}/`
    const keys = Array.from(this.#remembered.keys())
    for (const key of keys) if (key.startsWith(prefix)) this.#remembered.delete(key)
  }

  #inTime(entry: CacheEntry | undefined): CacheEntry | undefined {
    return entry !== undefined && entry.header.untilMs > this.#options.clock.now() ? entry : undefined
  }

  #remember(key: AnswerKey, entry: CacheEntry): void {
    const size = 2 * entry.body.length + entry.exposureFields.length + overheadBytes
    this.#remembered.set(memoryKey(key), entry, { size })
  }
}

/** The shape of the request and the version of the entry's form; without the slash that separates it from an id. */
const nameOf = ({ count, category }: AnswerKey): string =>
  `recommendations.v2-${count}-${category === undefined ? '' : createHash('sha256').update(category).digest('base64url')}`

const memoryKey = (key: AnswerKey): string => `${key.tenant}/${nameOf(key)}/${key.userId}`

const storeKey = (key: AnswerKey): CacheKey => ({ entity: entities.user(key.tenant, key.userId), name: nameOf(key) })
