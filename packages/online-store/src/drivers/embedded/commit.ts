import { setImmediate } from 'node:timers/promises'
import type { RootDatabase } from 'lmdb'

/**
 * Runs `action` in a write transaction; resolves when it is on disk. Transactions of several callers share a commit.
 * Rejects with what the operating system said: lmdb hands that out as a promise of its own, which ends the process as an
 * unhandled rejection when nobody waits for it.
 */
export async function commit<T>(env: RootDatabase, action: () => T): Promise<T> {
  try {
    return await env.transaction(action)
  } catch (error) {
    if (error instanceof Error && 'commitError' in error) await Promise.race([error.commitError, setImmediate()])
    throw error
  }
}
