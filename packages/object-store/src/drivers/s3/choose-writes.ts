import { PutObjectCommand } from '@aws-sdk/client-s3'
import { ObjectStoreError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'
import { deleteObjects, keysPerRequest } from './delete-objects.ts'
import { withLeases, type LeaseSettings } from './held-lease.ts'
import { lockedWrites } from './locked-writes.ts'
import type { S3ObjectStoreOptions } from './options.ts'
import { probeChecks, probeConditions, type ProbeResult } from './probe-conditions.ts'
import { publishByStore } from './publish-object.ts'
import { headObject } from './read-object.ts'
import type { Writes } from './s3-object-store.ts'

/**
 * Stands once any process has seen the store's comparison fail, so that none that was luckier trusts it: with some writers
 * under the lock and some past it, neither would be safe.
 */
const distrustName = 'conditional-puts-are-not-atomic'

/**
 * By the store's own comparison where it can be trusted, otherwise under the lock.
 *
 * A race is a matter of luck, so a process whose probe has seen none looks for the mark of others before a write, when its
 * last look is `distrustCheckMs` old, and goes over to the lock for good. What remains: after a mark was left, writes past
 * the lock may be begun for `distrustCheckMs` and are under way for a call's time at most; meanwhile they may meet writes
 * under the lock, and neither are safe. And until any probe has seen the race, nobody knows: `locked` says it at once.
 * @throws ObjectStoreError `RPT_OBJECT_STORE_CONFIG` when neither can be had; from a write, when it turns out then.
 * `RPT_OBJECT_STORE_UNAVAILABLE` when the lock is needed and its store does not give it.
 */
export async function chooseWrites(bucket: Bucket, options: S3ObjectStoreOptions): Promise<Writes> {
  if (options.conditionalPuts === 'native') return writesByStore(bucket)
  const result = options.conditionalPuts === 'locked' ? await probeChecks(bucket) : await findSupport(bucket)
  if (result.support === 'atomic') return writesWhileTrusted(bucket, options)
  const writes = writesUnderLock(bucket, options, result)
  await tryLock(bucket, options)
  return writes
}

/** A lock that cannot be had, for want of a right perhaps, is found at the start and not by the first who writes. */
async function tryLock(bucket: Bucket, options: S3ObjectStoreOptions): Promise<void> {
  const leases = leasesOf(bucket, options)
  if (leases === undefined) return
  const name = `object-store/${bucket.name}/${bucket.keys.reserved('start')}`
  await withLeases([name], leases, async ([lease]) => lease?.confirm())
}

function leasesOf({ limits }: Bucket, { lock, log }: S3ObjectStoreOptions): LeaseSettings | undefined {
  return lock === undefined ? undefined : { lock, ttlMs: limits.lockTtlMs, waitMs: limits.lockWaitMs, log }
}

function writesUnderLock(bucket: Bucket, options: S3ObjectStoreOptions, result: ProbeResult): Writes {
  const leases = leasesOf(bucket, options)
  if (leases === undefined) {
    const problem = `conditional puts of the bucket "${bucket.name}" cannot be relied on: ${result.reason}`
    const remedy = 'give the object store a lock (an online store that all processes share), or another store'
    throw new ObjectStoreError('RPT_OBJECT_STORE_CONFIG', `S3 object store: ${problem}; ${remedy}`)
  }
  options.log?.warn(
    { bucket: bucket.name, reason: result.reason },
    'the object store does not compare atomically: writes are made under a lock',
  )
  return lockedWrites(bucket, { leases, sendsConditions: result.support === 'racy' })
}

/** By the store until somebody's mark is found. */
function writesWhileTrusted(bucket: Bucket, options: S3ObjectStoreOptions): Writes {
  let lookedAtMs = performance.now()
  let looking: Promise<Writes> | undefined
  let writes = writesByStore(bucket)
  let isTrusted = true
  const look = async (): Promise<Writes> => {
    const beganMs = performance.now()
    const result = await findMark(bucket)
    if (result !== undefined) {
      writes = writesUnderLock(bucket, options, result)
      isTrusted = false
    }
    lookedAtMs = beganMs
    return writes
  }
  const current = (): Promise<Writes> => {
    const isRecent = performance.now() - lookedAtMs < bucket.limits.distrustCheckMs
    if (!isTrusted || isRecent) return Promise.resolve(writes)
    looking ??= look().finally(() => (looking = undefined))
    return looking
  }
  return {
    publish: async (publication) => (await current()).publish(publication),
    remove: async (s3Keys) => (await current()).remove(s3Keys),
  }
}

/** How the store is to be written to when a probe has left its mark; undefined where none has. */
async function findMark(bucket: Bucket): Promise<ProbeResult | undefined> {
  const s3Key = bucket.keys.reserved(distrustName)
  if ((await headObject(bucket, s3Key, { key: s3Key })) === undefined) return undefined
  const { support, reason } = await probeChecks(bucket)
  return { support, reason: support === 'racy' ? `an earlier probe has seen it fail and has left ${s3Key}` : reason }
}

async function findSupport(bucket: Bucket): Promise<ProbeResult> {
  const marked = await findMark(bucket)
  if (marked !== undefined) return marked
  const result = await probeConditions(bucket)
  if (result.support !== 'atomic') {
    const s3Key = bucket.keys.reserved(distrustName)
    const note = JSON.stringify({ reason: result.reason, at: new Date().toISOString() })
    const put = new PutObjectCommand({ Bucket: bucket.name, Key: s3Key, Body: note, ContentType: 'application/json' })
    await bucket.calls.run(`put ${s3Key}`, ({ http }) => bucket.client.send(put, http))
  }
  return result
}

function writesByStore(bucket: Bucket): Writes {
  return {
    publish: (publication) => publishByStore(bucket, publication),
    remove: async (s3Keys) => {
      for (let at = 0; at < s3Keys.length; at += keysPerRequest) {
        await deleteObjects(bucket, s3Keys.slice(at, at + keysPerRequest))
      }
    },
  }
}
