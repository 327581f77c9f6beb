import { randomUUID } from 'node:crypto'
import type { Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { checkVersionRef, describeVersion, holdsPrefix, removalKey, type VersionRef } from './model-keys.ts'

const nothing = new Uint8Array()

export interface HoldOptions {
  readonly log: Log
  /** What is thrown when the version is being removed. */
  readonly refusal: (message: string) => Error
}

/**
 * Does something with a version that must not be removed meanwhile: publishes it or points an alias at it.
 *
 * Each side writes its mark before it looks for the other's (Dekker's rule), so of a hold and a removal that meet at least one
 * gives way. A removal looks for holds first and for aliases afterwards: what was named while it looked is seen there.
 */
export async function whileHeld<R>(
  store: ObjectStore,
  ref: VersionRef,
  work: () => Promise<R>,
  { log, refusal }: HoldOptions,
): Promise<R> {
  checkVersionRef(ref)
  const key = holdsPrefix(ref) + randomUUID()
  await store.put(key, nothing)
  try {
    if ((await store.head(removalKey(ref))) !== undefined) throw refusal(`${describeVersion(ref)} is being removed`)
    return await work()
  } finally {
    await store
      .delete([key])
      .catch((error: unknown) => log.warn({ key, err: error }, 'a version is not pruned for a day, its hold stays'))
  }
}

/** Marks a version as being removed. False when somebody else has. */
export async function beginRemoval(store: ObjectStore, ref: VersionRef): Promise<boolean> {
  return (await store.put(removalKey(ref), nothing, { ifAbsent: true })).stored
}

export const endRemoval = (store: ObjectStore, ref: VersionRef): Promise<void> => store.delete([removalKey(ref)])
