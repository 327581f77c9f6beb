import type { PutOutcome } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import { deleteObjects } from './delete-objects.ts'
import { type HeldLease, type LeaseSettings, withLeases } from './held-lease.ts'
import { isConditional, type Publication, publishByStore, unknownOutcome } from './publish-object.ts'
import { isMet } from './put-object.ts'
import { headObject } from './read-object.ts'
import type { Writes } from './s3-object-store.ts'
import { fenceField } from './stored-object.ts'

/** Keys that are locked together: each takes a lease, and all must last until the last is had. */
const keysPerLocking = 100

export interface LockedWritesOptions {
  readonly leases: LeaseSettings
  /** Whether the store takes the headers of conditional requests; its check, racy as it is, is made besides. */
  readonly sendsConditions: boolean
}

/**
 * Writes for a store that cannot compare and write in one step: every put and delete holds the lock of its key, and a put
 * compares by itself.
 *
 * Under the lease with token t a put (1) reads what stands, and gives way when that carries a token above t: a later
 * holder has written; (2) compares; (3) writes, with t and an id of its own in the metadata; (4) reads again, and is
 * `stored` only when its own id stands and the lock, asked then, says that the lease has lasted. Everything else is `RPT_OBJECT_STORE_UNAVAILABLE`.
 * When the outcome of a request is open (its answer was lost, the lease was), the lock is not released but runs out.
 *
 * Guaranteed: of writers that all use this lock one wins, no update is lost, and a put is never called stored whose lease
 * may have ended before its object was seen standing, provided that reads see finished writes and that a request
 * takes effect, if ever, before the lease has ended under which it was sent.
 * Not guaranteed, because the store compares no tokens: that a request which outlives its lease (held up in a proxy, or in
 * the store) does nothing. Where the store checks the headers it can only slip in between that check and its write;
 * where it does not, it replaces what stands. Then (4) of a writer who is at work notices, the etag that readers hold no
 * longer stands, and the object is the older writer's. Objects stored in parts carry no token, because their metadata is
 * fixed before the lock is taken. Who writes past the lock is not excluded.
 */
export function lockedWrites(bucket: Bucket, { leases, sendsConditions }: LockedWritesOptions): Writes {
  const lockName = (s3Key: string): string => `object-store/${bucket.name}/${s3Key}`

  async function publishUnder(lease: HeldLease, publication: Publication): Promise<PutOutcome> {
    const { key, s3Key, options, writeId } = publication
    const { signal, token } = lease
    const before = await headObject(bucket, s3Key, { key, signal })
    if (before !== undefined && before.fence > token)
      throw unknownOutcome(key, 'a later holder of its lock has written')
    if (!isMet(options, before?.object.etag)) return { stored: false }
    lease.begin()
    const metadata = { [fenceField]: String(token) }
    const outcome = await publishByStore(bucket, publication, { signal, metadata, sendsConditions })
    if (!outcome.stored) {
      lease.cancel()
      return outcome
    }
    const after = await headObject(bucket, s3Key, { key, signal })
    if (after?.writeId !== writeId) throw unknownOutcome(key, 'somebody has written past its lock')
    await lease.confirm()
    return outcome
  }

  async function publish(publication: Publication): Promise<PutOutcome> {
    const { key, s3Key, options } = publication
    if (isConditional(options)) {
      // Most conditions that do not hold are told without the lock.
      const standing = await headObject(bucket, s3Key, { key })
      if (!isMet(options, standing?.object.etag)) return { stored: false }
    }
    return withLeases([lockName(s3Key)], leases, async ([lease]) => {
      if (lease === undefined) throw unknownOutcome(key, 'it has no lock')
      return publishUnder(lease, publication)
    })
  }

  async function removePage(s3Keys: readonly string[]): Promise<void> {
    await withLeases(s3Keys.map(lockName), leases, async (held) => {
      for (const lease of held) lease.begin()
      await deleteObjects(bucket, s3Keys, AbortSignal.any(held.map(({ signal }) => signal)))
      await Promise.all(held.map((lease) => lease.confirm()))
    })
  }

  async function remove(s3Keys: readonly string[]): Promise<void> {
    for (let at = 0; at < s3Keys.length; at += keysPerLocking) await removePage(s3Keys.slice(at, at + keysPerLocking))
  }

  return { publish, remove }
}
