import { setTimeout as delay } from 'node:timers/promises'
import { ObjectStoreError } from '../../errors.ts'
import { checkPutOptions } from '../../keys.ts'
import type { ObjectStore, ObjectStoreStats, PutOptions, PutOutcome, StoredObject } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import { listObjects } from './list-objects.ts'
import type { Publish } from './publish-object.ts'
import { putObject } from './put-object.ts'
import { collect } from './read-body.ts'
import { type ByteRange, headObject, type OpenedObject, openObject } from './read-object.ts'

/** How often `get` reads a body that broke off or had a wrong checksum. */
const bodyAttempts = 3
const bodyRetryMs = 100

/** How the store's writes are made: by its own comparison, or under a lock. */
export interface Writes {
  readonly publish: Publish
  readonly remove: (s3Keys: readonly string[]) => Promise<void>
}

/** Objects in a bucket of an S3-compatible store, below one prefix. */
export class S3ObjectStore implements ObjectStore {
  readonly #bucket: Bucket
  readonly #writes: Writes
  readonly #close: () => void

  constructor(bucket: Bucket, writes: Writes, close: () => void) {
    this.#bucket = bucket
    this.#writes = writes
    this.#close = close
  }

  async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutOutcome> {
    const s3Key = this.#bucket.keys.toS3Key(key)
    checkPutOptions(key, options)
    return putObject(this.#bucket, this.#writes.publish, { key, s3Key, body, options })
  }

  async get(key: string): Promise<{ readonly body: Uint8Array; readonly object: StoredObject } | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const opened = await this.open(key)
      if (opened === undefined) return undefined
      try {
        return { body: await collect(opened.body, opened.object.bytes), object: opened.object }
      } catch (error) {
        if (!(error instanceof ObjectStoreError)) throw error
        if (attempt === bodyAttempts) throw isChecksumMismatch(error) ? corrupt(key, error) : error
      }
      await delay(Math.random() * bodyRetryMs)
    }
  }

  async open(key: string, range: ByteRange = { first: 0 }): Promise<OpenedObject | undefined> {
    return openObject(this.#bucket, key, range)
  }

  async head(key: string): Promise<StoredObject | undefined> {
    return (await headObject(this.#bucket, this.#bucket.keys.toS3Key(key), { key }))?.object
  }

  list(prefix: string, options: { after?: string } = {}): AsyncGenerator<StoredObject> {
    return listObjects(this.#bucket, prefix, options.after)
  }

  async delete(keys: readonly string[]): Promise<void> {
    const s3Keys = new Set(keys.map((key) => this.#bucket.keys.toS3Key(key)))
    await this.#writes.remove([...s3Keys])
  }

  stats(): ObjectStoreStats {
    return this.#bucket.calls.stats
  }

  /** Ends what is under way: calls fail, and bodies that are being read break off. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#close()
    return Promise.resolve()
  }
}

/** The SDK has no class for it. */
const isChecksumMismatch = ({ cause }: ObjectStoreError): boolean =>
  cause instanceof Error && cause.message.startsWith('Checksum mismatch')

const corrupt = (key: string, cause: ObjectStoreError): ObjectStoreError =>
  new ObjectStoreError('RPT_OBJECT_CORRUPT', `${key} does not fit the checksum with which it was stored`, { cause })
