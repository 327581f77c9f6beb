import type { Clock, Log } from '@rapport/core'
import { OnlineStoreInputError } from '../../errors.ts'
import type { CacheKey } from '../../online-store.ts'
import { partKey, tenantKeyPrefix } from '../../keys.ts'
import type { CacheTables } from './environments.ts'
import { boundedKey } from './layout.ts'

const EXPIRY_BYTES = 8
const USED_BYTES = 'used-bytes'
/** Of an entry besides its key and value: both tables' nodes. */
const OVERHEAD_BYTES = 64
/** At least twice as many values are looked at as were written since, so that expired ones do not pile up. */
const WRITES_BETWEEN_SWEEPS = 32
const SWEEP = 64
/** A full cache is cleared to this share at once, not value by value. */
const FULL_AIM = 0.95
const REPORT_INTERVAL_MS = 60_000

export interface CacheOptions {
  readonly clock: Clock
  readonly log: Log
  /** Keys, values and overhead together. */
  readonly maxBytes: number
}

/**
 * Cached values with expiry in an environment that is never synced, shared by all threads. When it is full, the values
 * that would expire soonest are dropped.
 */
export class ValueCache {
  readonly #tables: CacheTables
  readonly #options: CacheOptions
  #droppedTotal = 0
  #writesSinceSweep = 0
  #reportedAtMs = Number.NEGATIVE_INFINITY

  constructor(tables: CacheTables, options: CacheOptions) {
    this.#tables = tables
    this.#options = options
  }

  /** Values that this instance has dropped before they expired, because the cache was full. */
  get droppedTotal(): number {
    return this.#droppedTotal
  }

  get usedBytes(): number {
    this.#tables.env.resetReadTxn()
    return this.#usedBytes()
  }

  read(keys: readonly CacheKey[]): (Uint8Array | undefined)[] {
    this.#tables.env.resetReadTxn()
    const nowMs = this.#options.clock.now()
    return keys.map((key) => this.#readOne(key, nowMs))
  }

  #readOne({ entity, name }: CacheKey, nowMs: number): Uint8Array | undefined {
    const bytes = this.#tables.values.getBinaryFast(boundedKey(partKey(entity, name)))
    if (bytes === undefined || bytes.readDoubleBE(0) <= nowMs) return undefined
    // a copy: the buffer is lmdb's own and overwritten by the next read; pooled, for memory of its own costs more than the read
    const value = Buffer.allocUnsafe(bytes.length - EXPIRY_BYTES)
    bytes.copy(value, 0, EXPIRY_BYTES, bytes.length)
    return value
  }

  /**
   * In a transaction of some 20 microseconds that waits for no disk.
   * @throws OnlineStoreInputError when there is no time to live.
   */
  write({ entity, name }: CacheKey, value: Uint8Array, ttlMs: number): void {
    if (!(ttlMs > 0 && Number.isFinite(ttlMs))) throw new OnlineStoreInputError('ttlMs', 'must be positive and finite')
    const key = boundedKey(partKey(entity, name))
    const nowMs = this.#options.clock.now()
    const stored = Buffer.allocUnsafe(EXPIRY_BYTES + value.length)
    stored.writeDoubleBE(nowMs + ttlMs, 0)
    stored.set(value, EXPIRY_BYTES)
    const dropped = this.#tables.env.transactionSync(() => {
      const used = this.#usedBytes() - this.#remove(key) + sizeOf(key, stored.length)
      this.#tables.values.putSync(key, stored)
      this.#tables.expiries.putSync(expiryKey(nowMs + ttlMs, key), sizeValue(sizeOf(key, stored.length)))
      return this.#makeRoom(used, nowMs)
    })
    if (dropped > 0) this.#report(dropped, nowMs)
  }

  /** Removes every value of a tenant. */
  clear(tenant: string): void {
    const prefix = tenantKeyPrefix(tenant)
    const { env, values } = this.#tables
    const clearSome = (): number => {
      const keys = [...values.getKeys({ start: prefix, end: `${prefix}\u007f`, limit: 256 })]
      let freed = 0
      for (const key of keys) freed += this.#remove(key)
      this.#setUsedBytes(this.#usedBytes() - freed)
      return keys.length
    }
    while (env.transactionSync(clearSome) > 0);
  }

  /** Removes the value with its expiry and gives the bytes that became free. */
  #remove(key: string): number {
    const { values, expiries } = this.#tables
    const standing = values.getBinaryFast(key)
    if (standing === undefined) return 0
    const size = sizeOf(key, standing.length)
    expiries.removeSync(expiryKey(standing.readDoubleBE(0), key))
    values.removeSync(key)
    return size
  }

  /** Removes some of what has expired, then what expires soonest until the rest fits; gives the number dropped before their time. */
  #makeRoom(usedBefore: number, nowMs: number): number {
    const { expiries, values } = this.#tables
    const { maxBytes } = this.#options
    const isFull = usedBefore > maxBytes
    const aimBytes = isFull ? maxBytes * FULL_AIM : maxBytes
    let used = usedBefore
    let dropped = 0
    let more = isFull || ++this.#writesSinceSweep >= WRITES_BETWEEN_SWEEPS
    while (more) {
      this.#writesSinceSweep = 0
      const soonest = Array.from(expiries.getRange({ limit: SWEEP }))
      for (const { key, value } of soonest) {
        const expired = key.readDoubleBE(0) <= nowMs
        if (!expired && used <= aimBytes) break
        if (!expired) dropped++
        used -= value.readDoubleLE(0)
        values.removeSync(key.toString('latin1', EXPIRY_BYTES))
        expiries.removeSync(key)
      }
      more = soonest.length > 0 && used > aimBytes
    }
    this.#setUsedBytes(used)
    return dropped
  }

  #usedBytes(): number {
    return this.#tables.meta.getBinaryFast(USED_BYTES)?.readDoubleLE(0) ?? 0
  }

  #setUsedBytes(bytes: number): void {
    this.#tables.meta.putSync(USED_BYTES, sizeValue(bytes))
  }

  #report(dropped: number, nowMs: number): void {
    this.#droppedTotal += dropped
    if (nowMs - this.#reportedAtMs < REPORT_INTERVAL_MS) return
    this.#reportedAtMs = nowMs
    const { log, maxBytes } = this.#options
    log.warn({ droppedTotal: this.#droppedTotal, maxBytes }, 'the cache is full: values are dropped before they expire')
  }
}

const sizeOf = (key: string, storedBytes: number): number => 2 * key.length + storedBytes + OVERHEAD_BYTES

function sizeValue(bytes: number): Buffer {
  const value = Buffer.allocUnsafe(8)
  value.writeDoubleLE(bytes)
  return value
}

/** Positive float64 in big-endian order sort as bytes. */
function expiryKey(expiresAtMs: number, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(EXPIRY_BYTES + key.length)
  bytes.writeDoubleBE(expiresAtMs, 0)
  bytes.write(key, EXPIRY_BYTES, 'latin1')
  return bytes
}
