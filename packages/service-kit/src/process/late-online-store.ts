import { backoffMs, type Log } from '@rapport/core'
import {
  StoreUnavailableError,
  type EntityRef,
  type EntityState,
  type OnlineStore,
  type OnlineStoreStats,
} from '@rapport/online-store'
import { setTimeout as wait } from 'node:timers/promises'
import { isUnavailable } from './until-available.ts'

const cacheNeverReached = { isUnavailable: true, droppedTotal: 0 }
const backoff = { baseMs: 200, maxMs: 2_000 }

/**
 * The online store, also when it does not answer yet: then every call fails as it does in an outage, until a connection
 * stands. For services that have answers without it.
 * @throws what `connect` throws when the store refuses.
 */
export async function connectNowOrLater(connect: () => Promise<OnlineStore>, log: Log): Promise<OnlineStore> {
  try {
    return await connect()
  } catch (error) {
    if (!isUnavailable(error)) throw error
    log.warn({ err: error }, 'the online store does not answer; the process starts without it')
    return new LateOnlineStore(connect, log)
  }
}

class LateOnlineStore implements OnlineStore {
  readonly #stopping = new AbortController()
  readonly #connecting: Promise<void>
  #connected: OnlineStore | undefined

  constructor(connect: () => Promise<OnlineStore>, log: Log) {
    this.#connecting = this.#connect(connect, log)
  }

  get session(): number {
    return this.#connected === undefined ? 0 : this.#connected.session + 1
  }

  async apply(...call: Parameters<OnlineStore['apply']>): ReturnType<OnlineStore['apply']> {
    const [applications, { session } = {}] = call
    const store = this.#store()
    return store.apply(applications, session === undefined ? {} : { session: session - 1 })
  }

  async read(...call: Parameters<OnlineStore['read']>): ReturnType<OnlineStore['read']> {
    return this.#store().read(...call)
  }

  async *scan(tenant: string): AsyncGenerator<{ readonly entity: EntityRef; readonly state: EntityState }> {
    yield* this.#store().scan(tenant)
  }

  async clearState(tenant: string): Promise<void> {
    return this.#store().clearState(tenant)
  }

  async readDocuments(...call: Parameters<OnlineStore['readDocuments']>): ReturnType<OnlineStore['readDocuments']> {
    return this.#store().readDocuments(...call)
  }

  async writeDocuments(...call: Parameters<OnlineStore['writeDocuments']>): ReturnType<OnlineStore['writeDocuments']> {
    return this.#store().writeDocuments(...call)
  }

  async clearDocuments(tenant: string): Promise<void> {
    return this.#store().clearDocuments(tenant)
  }

  async readCached(...call: Parameters<OnlineStore['readCached']>): ReturnType<OnlineStore['readCached']> {
    return this.#store().readCached(...call)
  }

  async writeCached(...call: Parameters<OnlineStore['writeCached']>): Promise<void> {
    return this.#store().writeCached(...call)
  }

  async ping(): Promise<void> {
    return this.#store().ping()
  }

  stats(): OnlineStoreStats {
    if (this.#connected === undefined) return { isUnavailable: true, sessionsLostTotal: 0, cache: cacheNeverReached }
    const stats = this.#connected.stats()
    return { ...stats, sessionsLostTotal: stats.sessionsLostTotal + 1 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#connecting
    await this.#connected?.[Symbol.asyncDispose]()
  }

  #store(): OnlineStore {
    if (this.#connected !== undefined) return this.#connected
    throw new StoreUnavailableError('the online store has not answered since the process has started')
  }

  async #connect(connect: () => Promise<OnlineStore>, log: Log): Promise<void> {
    const { signal } = this.#stopping
    for (let failures = 0; this.#connected === undefined && !signal.aborted; failures += 1) {
      await wait(backoffMs(failures, backoff), undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        this.#connected = await connect()
        log.info({}, 'the online store answers')
      } catch (error) {
        // Said once; a refusal always, since somebody has to mend it.
        if (!isUnavailable(error)) log.error({ err: error }, 'the online store refuses the process')
      }
    }
  }
}
