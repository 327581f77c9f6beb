import type { FencedLease, FencedLock, Log } from '@rapport/core'
import { ObjectStoreError } from '../../errors.ts'
import { describeFailure } from './s3-errors.ts'

export interface LeaseSettings {
  readonly lock: FencedLock
  readonly ttlMs: number
  readonly waitMs: number
  readonly log: Log | undefined
}

const unavailable = (message: string, cause?: unknown): ObjectStoreError =>
  new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', message, { cause })

/** A lease that is renewed while it is used, and whose loss ends what is done under it. */
export class HeldLease {
  readonly token: number
  /** Aborts a quarter of the lease before it ends, so that what has been sent settles in time. */
  readonly signal: AbortSignal
  readonly #lease: FencedLease
  readonly #name: string
  readonly #settings: LeaseSettings
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #isRenewing = false
  #isOpen = false

  private constructor(lease: FencedLease, name: string, settings: LeaseSettings) {
    this.token = lease.token
    this.signal = this.#lost.signal
    this.#lease = lease
    this.#name = name
    this.#settings = settings
    this.#timer = setInterval(() => this.#keep(), settings.ttlMs / 8)
  }

  /** @throws ObjectStoreError `RPT_OBJECT_STORE_UNAVAILABLE`: others hold the lock, or its store does not answer. */
  static async acquire(name: string, settings: LeaseSettings): Promise<HeldLease> {
    const { lock, ttlMs, waitMs } = settings
    let lease: FencedLease | undefined
    try {
      lease = await lock.acquire(name, { ttlMs, waitMs })
    } catch (error) {
      throw unavailable(`the lock of ${name} could not be had: ${describeFailure(error)}`, error)
    }
    if (lease === undefined) throw unavailable(`others have held the lock of ${name} for ${waitMs} ms`)
    return new HeldLease(lease, name, settings)
  }

  /** A write begins: until `confirm` or `cancel`, whether and when it happens is open. */
  begin(): void {
    this.check()
    this.#isOpen = true
  }

  /**
   * The write has happened, and nobody else can have had the lock meanwhile: the lock itself is asked, because its store
   * may have lost the lease with its data.
   * @throws ObjectStoreError `RPT_OBJECT_STORE_UNAVAILABLE`
   */
  async confirm(): Promise<void> {
    this.check()
    let stands: boolean
    try {
      stands = await this.#lease.renew(this.#settings.ttlMs)
    } catch (error) {
      throw unavailable(`whether the lock of ${this.#name} was lost is unknown: ${describeFailure(error)}`, error)
    }
    if (!stands) throw this.#lossError()
    this.check()
    this.#isOpen = false
  }

  /** No write has happened, nor will. */
  cancel(): void {
    this.#isOpen = false
  }

  /** @throws ObjectStoreError `RPT_OBJECT_STORE_UNAVAILABLE` when somebody else may have the lock by now. */
  check(): void {
    if (this.#lost.signal.aborted || this.#lease.remainingMs() <= 0) throw this.#lossError()
  }

  /**
   * Gives the lock free. After a write whose outcome is open the lease is left to run out instead: until then a request
   * that is still on its way meets nobody else's.
   */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#isOpen) return
    try {
      await this.#lease.release()
    } catch (error) {
      this.#settings.log?.debug({ lock: this.#name, err: error }, 'a lock was not released and ends by its time')
    }
  }

  #keep(): void {
    const { ttlMs } = this.#settings
    const left = this.#lease.remainingMs()
    if (left <= ttlMs / 4) this.#lost.abort(this.#lossError())
    else if (left <= (ttlMs * 3) / 4 && !this.#isRenewing) void this.#renew()
  }

  async #renew(): Promise<void> {
    this.#isRenewing = true
    try {
      if (!(await this.#lease.renew(this.#settings.ttlMs))) this.#lost.abort(this.#lossError())
    } catch (error) {
      this.#settings.log?.debug({ lock: this.#name, err: error }, 'a lock was not renewed, and will be tried again')
    } finally {
      this.#isRenewing = false
    }
  }

  #lossError(): ObjectStoreError {
    return unavailable(`the lock of ${this.#name} was lost`)
  }
}

/** Does something under the locks of all the names, which are taken one after another in one order for everybody. */
export async function withLeases<T>(
  names: readonly string[],
  settings: LeaseSettings,
  work: (leases: readonly HeldLease[]) => Promise<T>,
): Promise<T> {
  const leases: HeldLease[] = []
  try {
    for (const name of names.toSorted()) leases.push(await HeldLease.acquire(name, settings))
    return await work(leases)
  } finally {
    await Promise.all(leases.map((lease) => lease.end()))
  }
}
