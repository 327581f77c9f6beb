import { createHash } from 'node:crypto'
import { readlink, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { locks } from 'node:worker_threads'
import { ObjectStoreError } from '../../errors.ts'
import { isOwnerAlive, isOwnProcess } from './owner-token.ts'

const deadlineMs = 30_000
const longestPauseMs = 16

/** A lock's path and what taking it needs. */
interface LockPlace {
  readonly path: string
  readonly owner: string
}

async function holderOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A symbolic link is created exclusively and together with its content, so a lock is never seen half written. */
async function tryTake({ path, owner }: LockPlace): Promise<boolean> {
  try {
    await symlink(owner, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Removes the lock of a dead holder. The right to do so is itself a lock, named by that holder: without it, a slow process
 * that has judged the old lock stale would remove the fresh lock of whoever was quicker.
 */
async function removeStale(place: LockPlace, holder: string): Promise<void> {
  const takeover = { ...place, path: `${place.path}~${createHash('sha256').update(holder).digest('hex').slice(0, 16)}` }
  await take(takeover)
  try {
    if ((await holderOf(place.path)) === holder) await unlink(place.path)
  } finally {
    await unlink(takeover.path)
  }
}

async function take(place: LockPlace): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs
  for (let pauseMs = 1; !(await tryTake(place)); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const holder = await holderOf(place.path)
    if (holder === undefined) continue
    // Threads of this process exclude each other before they come here, so its own lock was left by a thread that has died.
    if (isOwnProcess(holder) || !isOwnerAlive(holder)) {
      await removeStale(place, holder)
      continue
    }
    if (performance.now() > giveUpAt) {
      throw new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', `lock ${place.path} is held by ${holder} for too long`)
    }
    await delay(pauseMs * (0.5 + Math.random() / 2))
  }
}

/** Mutual exclusion by key between all threads and processes that have a folder open. */
export class KeyLocks {
  readonly #folder: string
  readonly #owner: string

  constructor(folder: string, owner: string) {
    this.#folder = folder
    this.#owner = owner
  }

  /** @throws ObjectStoreError `RPT_OBJECT_STORE_UNAVAILABLE` when a living holder keeps the lock for 30 s. */
  async withLock<T>(key: string, work: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, createHash('sha256').update(key).digest('hex').slice(0, 40))
    // A request that waits for another thread does not keep this thread's event loop alive; a timer does.
    const keepAlive = setInterval(() => undefined, 60_000)
    try {
      return await locks.request(`rapport-object-store:${path}`, async () => {
        await take({ path, owner: this.#owner })
        try {
          return await work()
        } finally {
          await unlink(path)
        }
      })
    } finally {
      clearInterval(keepAlive)
    }
  }
}
