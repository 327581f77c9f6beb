import type { Log } from '@rapport/core'
import { OnlineStoreInputError } from '../../errors.ts'
import type { CacheKey, CacheStats } from '../../online-store.ts'
import type { CommandRunner } from './command-runner.ts'
import { cacheKey } from './layout.ts'
import { isFull } from './server-errors.ts'

/** A thousand years: the server adds it to the time of day, which must stay a number of 64 bits. */
const MAX_TTL_MS = 3e13
const REPORT_INTERVAL_MS = 60_000

/** Cached values with a time to live. When the server is full, new ones are dropped and counted. */
export class ValueCache {
  readonly #runner: CommandRunner
  readonly #log: Log
  #droppedTotal = 0
  #reportedAtMs = Number.NEGATIVE_INFINITY

  constructor(runner: CommandRunner, log: Log) {
    this.#runner = runner
    this.#log = log
  }

  get stats(): CacheStats {
    return { isUnavailable: this.#runner.isUnavailable, droppedTotal: this.#droppedTotal }
  }

  async read(keys: readonly CacheKey[]): Promise<(Uint8Array | undefined)[]> {
    const commands = keys.map((key) => ({ run: 'get', keys: [cacheKey(key)] as const, asBytes: true }))
    const replies = await this.#runner.run('read the cache', commands)
    return replies.map((reply) => (Buffer.isBuffer(reply) ? reply : undefined))
  }

  /** @throws OnlineStoreInputError when there is no time to live. */
  async write(key: CacheKey, value: Uint8Array, ttlMs: number): Promise<void> {
    if (!(ttlMs > 0 && Number.isFinite(ttlMs))) throw new OnlineStoreInputError('ttlMs', 'must be positive and finite')
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    const args = [bytes, 'PX', Math.ceil(Math.min(ttlMs, MAX_TTL_MS))]
    try {
      await this.#runner.run('write the cache', [{ run: 'set', keys: [cacheKey(key)], args }])
    } catch (error) {
      if (!isFull(error)) throw error
      this.#drop()
    }
  }

  #drop(): void {
    this.#droppedTotal += 1
    const nowMs = performance.now()
    if (nowMs - this.#reportedAtMs < REPORT_INTERVAL_MS) return
    this.#reportedAtMs = nowMs
    this.#log.warn({ droppedTotal: this.#droppedTotal }, 'the online store is full: cached values are dropped')
  }
}
