import type { FencedLock, Log } from '@rapport/core'
import { ObjectStoreError } from '../../errors.ts'
import { checkObjectKey } from '../../keys.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What a call may take. Each has a default; see `defaultLimits`. */
export interface S3Limits {
  /** For a connection to stand. */
  readonly connectTimeoutMs: number
  /** From sending a request to the head of its answer, besides what its body takes at `slowestBytesPerSecond`. */
  readonly requestTimeoutMs: number
  /** How long a body that is read may bring nothing, and how long one that was opened may stay unread. */
  readonly idleBodyTimeoutMs: number
  /** For a call with all its tries, besides what its body takes. The parts of a large object are calls of their own. */
  readonly callTimeoutMs: number
  /** Uploads slower than this time out. */
  readonly slowestBytesPerSecond: number
  /** Tries of one call, the first included. */
  readonly maxAttempts: number
  /** Larger bodies are stored in parts of this size; at most 10,000. At least 5 MiB. */
  readonly partBytes: number
  /** Parts of one object under way at once; with the two that are being filled, what an upload keeps in memory. */
  readonly partsInFlight: number
  /** Requests under way at once; further ones wait their turn. */
  readonly requestsInFlight: number
  /** Uploads below the prefix that were begun so long ago and never finished are removed on opening. */
  readonly abandonedUploadMs: number
  /** Of the lock under which writes are made where the store does not compare atomically. */
  readonly lockTtlMs: number
  readonly lockWaitMs: number
  /** How long a process may go on trusting the store's comparison after another has seen it fail. */
  readonly distrustCheckMs: number
}

export interface S3ObjectStoreOptions {
  readonly bucket: string
  readonly region: string
  /** `http(s)://host[:port]`; absent for AWS. */
  readonly endpoint?: string
  /** Absent: the default chain of the AWS SDK (environment, shared files, web identity, instance role). */
  readonly credentials?: S3Credentials
  /** `endpoint/bucket/key` in place of `bucket.endpoint/key`. Default: true with an endpoint, false without one. */
  readonly pathStyle?: boolean
  /** Everything lies below this key inside the bucket. */
  readonly prefix?: string
  /**
   * `probe` (default) tries whether the store compares atomically; `native` trusts it unseen, for stores that are known
   * to; `locked` does not trust it and needs `lock`.
   */
  readonly conditionalPuts?: 'probe' | 'native' | 'locked'
  /** Used where the store does not compare atomically. Every process that writes to the bucket must use the same one. */
  readonly lock?: FencedLock
  readonly log?: Log
  readonly limits?: Partial<S3Limits>
}

const mebibyte = 1024 * 1024

export const defaultLimits: S3Limits = {
  connectTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  idleBodyTimeoutMs: 20_000,
  callTimeoutMs: 30_000,
  slowestBytesPerSecond: mebibyte / 4,
  maxAttempts: 5,
  partBytes: 8 * mebibyte,
  partsInFlight: 2,
  requestsInFlight: 64,
  abandonedUploadMs: 86_400_000,
  lockTtlMs: 10_000,
  lockWaitMs: 15_000,
  distrustCheckMs: 5_000,
}

const leastLimits: Partial<S3Limits> = { partBytes: 5 * mebibyte, lockTtlMs: 500, lockWaitMs: 0 }

const refuse = (problem: string): never => {
  throw new ObjectStoreError('RPT_OBJECT_STORE_CONFIG', `S3 object store: ${problem}`)
}

/** @throws ObjectStoreError `RPT_OBJECT_STORE_CONFIG` that names the limit. */
export function toLimits(given: Partial<S3Limits> = {}): S3Limits {
  const limits = { ...defaultLimits, ...given }
  for (const name of Object.keys(defaultLimits) as (keyof S3Limits)[]) {
    const least = leastLimits[name] ?? 1
    const value = limits[name]
    if (!Number.isSafeInteger(value) || value < least) refuse(`${name} must be a whole number of at least ${least}`)
  }
  return limits
}

/** @throws ObjectStoreError `RPT_OBJECT_STORE_CONFIG` that names the option; never with a secret in it. */
export function checkOptions(options: S3ObjectStoreOptions): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(options.bucket)) {
    refuse(`bucket ${JSON.stringify(options.bucket)} is not a bucket name (3 to 63 of a-z, 0-9, "." and "-")`)
  }
  if (options.region === '') refuse('region is empty')
  if (options.endpoint !== undefined) checkEndpoint(options.endpoint)
  if (options.credentials?.accessKeyId === '' || options.credentials?.secretAccessKey === '') {
    refuse('credentials need both an access key id and a secret access key')
  }
  if (options.conditionalPuts === 'locked' && options.lock === undefined)
    refuse('conditionalPuts "locked" needs a lock')
  if (options.prefix !== undefined && options.prefix !== '') checkPrefix(options.prefix)
}

function checkEndpoint(endpoint: string): void {
  const url = URL.parse(endpoint)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) refuse('endpoint is no http or https address')
  else if (url.username !== '' || url.password !== '')
    refuse('endpoint holds credentials; they have options of their own')
  else if (url.search !== '' || url.hash !== '') refuse('endpoint has a query or a fragment')
}

function checkPrefix(prefix: string): void {
  try {
    checkObjectKey(withoutEndSlash(prefix))
  } catch (error) {
    throw new ObjectStoreError('RPT_OBJECT_STORE_CONFIG', `S3 object store: prefix: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

export const withoutEndSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
