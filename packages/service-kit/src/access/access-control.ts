import { topics, type TenantAccess } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { EventLog, Follower } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import { accessPrefix, readTenantAccess, tenantOfAccessKey } from './access-records.ts'
import { hashApiKey, isApiKeyText } from './api-key.ts'
import { apiKeyOf } from './credentials.ts'
import type { Principal } from './principal.ts'
import { TokenBucket, type RateLimit } from './token-bucket.ts'

export interface AccessControlOptions {
  readonly objectStore: ObjectStore
  readonly eventLog: EventLog
  readonly log: Log
  readonly clock: Clock
  /** For each key and process. Absent: no limit. */
  readonly rateLimit?: RateLimit
  /** How often the records are compared with the object store. Default 30 s. */
  readonly pollMs?: number
}

/** Bounds the cache of headers: one key can be written in many headers (the password of Basic is free). */
const maxCachedHeaders = 10_000

/** How often a key that is not known may make the records be read: guesses must not become load on the object store. */
const lookupRate: RateLimit = { perSecond: 10, burst: 20 }

/**
 * API keys in memory: read from `access/*.json`, refreshed by `rapport.access.v1` and by polling, so that a request needs
 * no store, and a revoked key stops at once or, when the announcement is lost, within the polling time.
 *
 * Keys are found by the SHA-256 of what was presented. The timing of that look-up tells at most something of a guess's
 * hash, which does not lead to a key of 256 random bits; so nothing here needs a comparison in constant time.
 */
export class AccessControl implements AsyncDisposable {
  readonly #options: AccessControlOptions
  readonly #etags = new Map<string, string>()
  readonly #hashesByTenant = new Map<string, readonly string[]>()
  readonly #principals = new Map<string, Principal>()
  readonly #principalsByHeader = new Map<string, Principal>()
  readonly #buckets = new WeakMap<Principal, TokenBucket>()
  readonly #lookups: TokenBucket
  #nextPoll: Promise<void> | undefined
  #loaded = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined
  #follower: Follower | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(options: AccessControlOptions) {
    this.#options = options
    this.#lookups = new TokenBucket(lookupRate, options.clock.now())
  }

  /** Loads the records and keeps them fresh from now on. Resolves after the first attempt; `notReady` says whether it worked. */
  async start(): Promise<void> {
    await this.refresh()
    this.#schedule()
    this.#follower = await this.#options.eventLog.follow(topics.access.name, (records) => {
      const tenants = new Set(records.map((record) => record.key))
      return this.#serially(async () => {
        for (const tenant of tenants) await this.#reload(tenant)
      })
    })
  }

  /** Compares the records with the object store now. When the store does not answer, what is known stays. */
  refresh(): Promise<void> {
    // A poll that has not begun will see everything that was written before this call.
    this.#nextPoll ??= this.#serially(() => {
      this.#nextPoll = undefined
      return this.#poll()
    })
    return this.#nextPoll
  }

  notReady(): readonly string[] {
    return this.#loaded ? [] : ['the access records have not been read']
  }

  /** The principal of a credential header (see `credentialHeader`); undefined when the key is not known. */
  fromHeader(header: string): Principal | undefined {
    const cached = this.#principalsByHeader.get(header)
    if (cached !== undefined) return cached
    const key = apiKeyOf(header)
    const principal = key === undefined ? undefined : this.fromKey(key)
    if (principal === undefined) return undefined
    if (this.#principalsByHeader.size >= maxCachedHeaders) this.#principalsByHeader.clear()
    this.#principalsByHeader.set(header, principal)
    return principal
  }

  /** The principal of a key's text; undefined when the key is not known. */
  fromKey(key: string): Principal | undefined {
    return isApiKeyText(key) ? this.#principals.get(hashApiKey(key)) : undefined
  }

  /**
   * The principal of a key that `fromKey` does not know: it may have been made a moment ago, by this process or another,
   * and its announcement be under way. So the records are read once more, though not more often than `lookupRate` allows.
   */
  async lookUp(key: string): Promise<Principal | undefined> {
    if (!isApiKeyText(key) || this.#lookups.take(1, this.#options.clock.now()) > 0) return undefined
    await this.refresh()
    return this.fromKey(key)
  }

  /** Takes `cost` tokens from the key's bucket. 0 when they were there, otherwise the milliseconds until they will be. */
  charge(principal: Principal, cost: number): number {
    return this.#buckets.get(principal)?.take(cost, this.#options.clock.now()) ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#follower?.[Symbol.asyncDispose]()
    await this.#work
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      void this.refresh().then(() => this.#schedule())
    }, this.#options.pollMs ?? 30_000)
    this.#timer.unref()
  }

  /** One change at a time: a slow read of an old record must not overtake the read of a newer one. */
  #serially(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work)
    return this.#work
  }

  async #poll(): Promise<void> {
    const seen = new Set<string>()
    try {
      for await (const object of this.#options.objectStore.list(accessPrefix)) {
        const tenant = tenantOfAccessKey(object.key)
        if (tenant === undefined) continue
        seen.add(tenant)
        if (this.#etags.get(tenant) !== object.etag) await this.#reload(tenant)
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the access records could not be listed; those known stay in force')
      return
    }
    for (const tenant of this.#etags.keys()) if (!seen.has(tenant)) this.#forget(tenant)
    this.#loaded = true
  }

  async #reload(tenant: string): Promise<void> {
    try {
      const stored = await readTenantAccess(this.#options.objectStore, tenant)
      if (stored === undefined) this.#forget(tenant)
      else this.#remember(stored.access, stored.etag)
    } catch (error) {
      this.#options.log.error(
        { err: error, tenant },
        'an access record could not be read; what is known of it stays in force',
      )
    }
  }

  #forget(tenant: string): void {
    for (const hash of this.#hashesByTenant.get(tenant) ?? []) this.#principals.delete(hash)
    this.#hashesByTenant.delete(tenant)
    this.#etags.delete(tenant)
    this.#principalsByHeader.clear()
  }

  #remember(access: TenantAccess, etag: string): void {
    const before = new Map(
      (this.#hashesByTenant.get(access.tenant) ?? []).map((hash) => [hash, this.#principals.get(hash)]),
    )
    this.#forget(access.tenant)
    const live = access.keys.filter((key) => key.revokedAt === undefined)
    for (const { sha256, id, scopes } of live) {
      const principal: Principal = { tenant: access.tenant, keyId: id, scopes: new Set(scopes) }
      const old = before.get(sha256)
      const bucket = (old && this.#buckets.get(old)) ?? this.#newBucket()
      if (bucket !== undefined) this.#buckets.set(principal, bucket)
      this.#principals.set(sha256, principal)
    }
    this.#hashesByTenant.set(
      access.tenant,
      live.map((key) => key.sha256),
    )
    this.#etags.set(access.tenant, etag)
  }

  #newBucket(): TokenBucket | undefined {
    const { rateLimit, clock } = this.#options
    return rateLimit === undefined ? undefined : new TokenBucket(rateLimit, clock.now())
  }
}

/** Makes an access control that has tried to load. */
export async function startAccessControl(options: AccessControlOptions): Promise<AccessControl> {
  const access = new AccessControl(options)
  await access.start()
  return access
}
