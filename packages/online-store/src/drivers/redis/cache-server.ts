import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '@rapport/core'
import { StoreUnavailableError } from '../../errors.ts'
import type { CacheKey, CacheStats } from '../../online-store.ts'
import { ValueCache } from './cache.ts'
import { CommandRunner } from './command-runner.ts'
import { StoreConfigurationError } from './check-server.ts'
import { connect, type Connection } from './connection.ts'
import { isStateOrCacheKey } from './layout.ts'
import { reconnectDelayMs, type ConnectionSettings } from './options.ts'
import { removeKeys } from './scan.ts'

const REPORT_INTERVAL_MS = 60_000
/** Any policy will do: nothing is here that may not go. */
const anyPolicy = (): void => undefined

interface Connected {
  readonly connection: Connection
  readonly runner: CommandRunner
  readonly values: ValueCache
}

/** Cached values on a server of their own, whose failures are nobody's: nothing is found there and nothing kept. */
export class CacheServer implements AsyncDisposable {
  readonly #settings: ConnectionSettings
  readonly #log: Log
  readonly #stopping = new AbortController()
  #connected: Connected | undefined
  #connecting: Promise<void> | undefined
  #missedTotal = 0
  #reportedAtMs = Number.NEGATIVE_INFINITY

  private constructor(settings: ConnectionSettings, log: Log) {
    this.#settings = settings
    this.#log = log
  }

  /** Resolves after the first try to connect, however it ends; others follow until one succeeds. */
  static async open(settings: ConnectionSettings, log: Log): Promise<CacheServer> {
    const server = new CacheServer(settings, log)
    await server.#connect().catch((error: unknown) => {
      server.#miss(error)
      server.#connecting = server.#connectAgain()
    })
    return server
  }

  get stats(): CacheStats {
    const { isUnavailable, droppedTotal } = this.#connected?.values.stats ?? { isUnavailable: true, droppedTotal: 0 }
    return { isUnavailable, droppedTotal: this.#missedTotal + droppedTotal }
  }

  async read(keys: readonly CacheKey[]): Promise<(Uint8Array | undefined)[]> {
    try {
      return await this.#standing.values.read(keys)
    } catch (error) {
      this.#miss(error)
      return keys.map(() => undefined)
    }
  }

  /** @throws OnlineStoreInputError when there is no time to live. */
  async write(key: CacheKey, value: Uint8Array, ttlMs: number): Promise<void> {
    try {
      await this.#standing.values.write(key, value, ttlMs)
    } catch (error) {
      this.#miss(error)
      this.#missedTotal += 1
    }
  }

  /** @throws StoreUnavailableError, since what is told to go must be gone. */
  async clear(tenant: string): Promise<void> {
    await removeKeys({ ...this.#standing, checkOpen: () => undefined }, tenant, isStateOrCacheKey)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#connecting
    await this.#connected?.connection[Symbol.asyncDispose]()
  }

  get #standing(): Connected {
    if (this.#connected === undefined) throw new StoreUnavailableError('the server for cached values was never reached')
    return this.#connected
  }

  async #connect(): Promise<void> {
    const connection = await connect(this.#settings, this.#log, anyPolicy)
    const runner = new CommandRunner(connection, { ...this.#settings, log: this.#log })
    this.#connected = { connection, runner, values: new ValueCache(runner, this.#log) }
  }

  async #connectAgain(): Promise<void> {
    const { signal } = this.#stopping
    for (let attempt = 1; this.#connected === undefined; attempt += 1) {
      await wait(reconnectDelayMs(attempt), undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      await this.#connect().catch((error: unknown) => this.#report(error))
    }
    this.#log.info({}, 'the server for cached values has been reached')
  }

  /** @throws whatever is not the server's absence or refusal. */
  #miss(error: unknown): void {
    if (!(error instanceof StoreUnavailableError || error instanceof StoreConfigurationError)) throw error
    this.#report(error)
  }

  #report(error: unknown): void {
    const nowMs = performance.now()
    if (nowMs - this.#reportedAtMs < REPORT_INTERVAL_MS) return
    this.#reportedAtMs = nowMs
    this.#log.warn({ err: error }, 'the server for cached values is away: nothing is found in it and nothing kept')
  }
}
