import type { FencedLease, FencedLock, LeaseOptions } from '@rapport/core'
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { StoreUnavailableError } from '../../errors.ts'
import { encodeComponent } from '../../keys.ts'
import { CommandRunner } from './command-runner.ts'
import { connect } from './connection.ts'
import { readSettings, type RedisOnlineStoreOptions } from './options.ts'
import { acquireLockScript, renewLockScript } from './scripts.ts'

/** Between two looks at a lock that somebody else holds: this at least, and up to twice as long. */
const LOOK_MS = 25

/** A lock of processes that use the same Redis. */
export interface RedisFencedLock extends FencedLock, AsyncDisposable {}

/**
 * Connects to the lock on Redis, one server or a cluster: `rpt:{lock:<name>}:lease` with a time to live says who holds it,
 * `rpt:{lock:<name>}:token` the last token, which stays. Tokens are microseconds since the epoch at least, so that they
 * grow also when the server has lost its data. It excludes as well as the server keeps what it has acknowledged: after a
 * failover two may hold the lock for a moment, and the tokens tell them apart. Its user's rights are in `rights.ts`.
 * @throws StoreUnavailableError when it cannot be reached or refuses the user; the call may be made again.
 * @throws OnlineStoreInputError naming the option that is wrong.
 */
export async function connectRedisFencedLock(options: RedisOnlineStoreOptions): Promise<RedisFencedLock> {
  const settings = readSettings(options)
  const connection = await connect(settings, options.log)
  const runner = new CommandRunner(connection, { ...settings, log: options.log })
  return {
    acquire: (name, lease) => acquire(runner, name, lease),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

async function acquire(
  runner: CommandRunner,
  name: string,
  { ttlMs, waitMs }: LeaseOptions,
): Promise<FencedLease | undefined> {
  const key = `rpt:{lock:${encodeComponent(name)}}`
  // One name for all tries: an answer that was lost may have been a lease.
  const holder = randomUUID()
  const untilMs = performance.now() + waitMs
  for (;;) {
    const askedMs = performance.now()
    const [token] = await runner.run(
      'give a lease',
      [{ run: acquireLockScript, keys: [`${key}:lease`, `${key}:token`], args: [holder, ttlMs] }],
      { durable: true },
    )
    if (token !== null)
      return new RedisLease(runner, `${key}:lease`, { holder, token: Number(token), endsMs: askedMs + ttlMs })
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) return undefined
    await wait(Math.min(leftMs, LOOK_MS * (1 + Math.random())))
  }
}

class RedisLease implements FencedLease {
  readonly token: number
  readonly #runner: CommandRunner
  readonly #key: string
  readonly #holder: string
  #endsMs: number

  constructor(runner: CommandRunner, key: string, lease: { holder: string; token: number; endsMs: number }) {
    this.token = lease.token
    this.#runner = runner
    this.#key = key
    this.#holder = lease.holder
    this.#endsMs = lease.endsMs
  }

  remainingMs(): number {
    return this.#endsMs - performance.now()
  }

  async renew(ttlMs: number): Promise<boolean> {
    const askedMs = performance.now()
    const isHeld = await this.#set('renew a lease', ttlMs)
    this.#endsMs = isHeld ? askedMs + ttlMs : 0
    return isHeld
  }

  async release(): Promise<void> {
    this.#endsMs = 0
    try {
      await this.#set('end a lease', 0)
    } catch (error) {
      // It ends by its time.
      if (!(error instanceof StoreUnavailableError)) throw error
    }
  }

  async #set(what: string, ttlMs: number): Promise<boolean> {
    const [answer] = await this.#runner.run(what, [
      { run: renewLockScript, keys: [this.#key], args: [this.#holder, ttlMs] },
    ])
    return answer === 1
  }
}
