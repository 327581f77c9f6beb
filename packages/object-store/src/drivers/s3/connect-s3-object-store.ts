import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { setMaxListeners } from 'node:events'
import { ObjectStoreError } from '../../errors.ts'
import type { ObjectStore } from '../../object-store.ts'
import { removeAbandonedUploads } from './abandoned-uploads.ts'
import type { Bucket } from './bucket.ts'
import { S3Calls } from './calls.ts'
import { chooseWrites } from './choose-writes.ts'
import { KeySpace } from './key-space.ts'
import { checkOptions, type S3Limits, type S3ObjectStoreOptions, toLimits } from './options.ts'
import { nameOf, redactor, statusOf } from './s3-errors.ts'
import { S3ObjectStore } from './s3-object-store.ts'

const silent = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function createClient(options: S3ObjectStoreOptions, limits: S3Limits): S3Client {
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: limits.requestsInFlight }
  return new S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    forcePathStyle: options.pathStyle ?? options.endpoint !== undefined,
    // Tries are counted in `S3Calls`, which knows what a lost answer means for a put.
    maxAttempts: 1,
    // It costs a round trip, opens a connection for each put, and waits 6 s for stores that do not know it.
    expectContinueHeader: false,
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    logger: silent,
    requestHandler: {
      connectionTimeout: limits.connectTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      throwOnRequestTimeout: true,
      // It would end connections whose reader takes its time; `readBody` watches the store alone.
      socketTimeout: 0,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
}

/** @throws ObjectStoreError `RPT_OBJECT_STORE_CONFIG` */
async function checkBucket({ name, client, calls }: Bucket, where: string): Promise<void> {
  const problem = await calls.run(`open the bucket ${name}`, async ({ http }) => {
    try {
      await client.send(new HeadBucketCommand({ Bucket: name }), http)
      return undefined
    } catch (error) {
      const status = statusOf(error)
      if (status === undefined || status >= 500 || status === 429) throw error
      if (status === 404) return 'does not exist: it is made by whoever runs the store, before Rapport starts'
      if (status === 403) return 'is refused: the credentials are wrong, or may not use it'
      if (status === 301 || status === 307) return 'lies in another region'
      return `cannot be used: ${nameOf(error)} (HTTP ${status})`
    }
  })
  if (problem === undefined) return
  throw new ObjectStoreError('RPT_OBJECT_STORE_CONFIG', `S3 object store: the bucket "${name}" at ${where} ${problem}`)
}

/**
 * Opens the driver for S3 and stores that speak its protocol.
 *
 * @throws ObjectStoreError `RPT_OBJECT_STORE_CONFIG` when the options or the bucket cannot be used,
 * `RPT_OBJECT_STORE_UNAVAILABLE` when the store does not answer.
 */
export async function connectS3ObjectStore(options: S3ObjectStoreOptions): Promise<ObjectStore> {
  checkOptions(options)
  const limits = toLimits(options.limits)
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  const client = createClient(options, limits)
  const { credentials, log } = options
  const redact = redactor([credentials?.secretAccessKey, credentials?.sessionToken])
  const calls = new S3Calls({ limits, redact, closed: closing.signal, log })
  const bucket: Bucket = { name: options.bucket, keys: new KeySpace(options.prefix), client, calls, limits, log }
  const close = (): void => {
    closing.abort(new Error('the object store was closed'))
    client.destroy()
  }
  try {
    await checkBucket(bucket, options.endpoint ?? `AWS ${options.region}`)
    await removeAbandonedUploads(bucket)
    return new S3ObjectStore(bucket, await chooseWrites(bucket, options), close)
  } catch (error) {
    close()
    throw error
  }
}
