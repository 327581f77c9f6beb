import { crc32 } from 'node:zlib'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { ObjectStoreError } from '../../errors.ts'
import type { PutOutcome } from '../../object-store.ts'
import { abortUpload } from './abandoned-uploads.ts'
import type { PartBuffers } from './body-parts.ts'
import type { Bucket } from './bucket.ts'
import { toChecksum } from './checksum.ts'
import type { Publication, Publish } from './publish-object.ts'
import { writeIdField } from './stored-object.ts'

const mostParts = 10_000
/** Completing makes the store read all parts: time that a call gets for each, as if these were bytes sent. */
const completionBytesPerPart = 64 * 1024

export interface PartedBody {
  readonly parts: AsyncIterable<Uint8Array>
  /** Where the parts' memory goes when they are sent. */
  readonly buffers?: PartBuffers
}

interface Uploaded {
  readonly parts: CompletedPart[]
  readonly bytes: number
  readonly crc: number
}

/** A large object on its way: parts that nobody sees, until one request makes them the object, or none of it remains. */
export class PartUpload {
  readonly #bucket: Bucket
  readonly #publication: Omit<Publication, 'bodyBytes' | 'send'>
  readonly #uploadId: string

  private constructor(bucket: Bucket, publication: Omit<Publication, 'bodyBytes' | 'send'>, uploadId: string) {
    this.#bucket = bucket
    this.#publication = publication
    this.#uploadId = uploadId
  }

  static async begin(bucket: Bucket, publication: Omit<Publication, 'bodyBytes' | 'send'>): Promise<PartUpload> {
    const { name, client, calls } = bucket
    const create = new CreateMultipartUploadCommand({
      Bucket: name,
      Key: publication.s3Key,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      Metadata: { [writeIdField]: publication.writeId },
    })
    const uploadId = await calls.run(`put ${publication.key}`, async ({ http }) => {
      const { UploadId } = await client.send(create, http)
      if (UploadId === undefined) throw new Error('the answer names no upload')
      return UploadId
    })
    return new PartUpload(bucket, publication, uploadId)
  }

  /** Uploads the parts and publishes them; leaves nothing behind when that fails or the condition does not hold. */
  async finish(body: PartedBody, publish: Publish): Promise<PutOutcome> {
    let outcome: PutOutcome | undefined
    try {
      outcome = await publish(this.#toPublication(await this.#uploadAll(body)))
      return outcome
    } finally {
      if (outcome?.stored !== true) await this.#abort()
    }
  }

  async #uploadAll({ parts, buffers }: PartedBody): Promise<Uploaded> {
    const failure = new AbortController()
    const uploads: Promise<CompletedPart>[] = []
    const inFlight = new Set<Promise<unknown>>()
    let bytes = 0
    let crc = 0
    try {
      for await (const part of parts) {
        if (uploads.length === mostParts) throw this.#tooLarge()
        bytes += part.byteLength
        crc = crc32(part, crc)
        const upload = this.#uploadPart(uploads.length + 1, part, failure.signal).then((uploaded) => {
          buffers?.give(part)
          return uploaded
        })
        uploads.push(upload)
        const settled = upload.catch((error: unknown) => failure.abort(error)).finally(() => inFlight.delete(settled))
        inFlight.add(settled)
        if (inFlight.size >= this.#bucket.limits.partsInFlight) await Promise.race(inFlight)
        failure.signal.throwIfAborted()
      }
      return { parts: await Promise.all(uploads), bytes, crc }
    } catch (error) {
      failure.abort(error)
      throw error
    } finally {
      // An upload that is aborted while parts arrive may keep them.
      await Promise.all(inFlight)
    }
  }

  async #uploadPart(number: number, body: Uint8Array, signal: AbortSignal): Promise<CompletedPart> {
    const { name, client, calls } = this.#bucket
    const { key, s3Key } = this.#publication
    const part = { PartNumber: number, ChecksumCRC32: toChecksum(crc32(body)) }
    const where = { Bucket: name, Key: s3Key, UploadId: this.#uploadId }
    const send = new UploadPartCommand({ ...where, ...part, Body: body, ContentLength: body.byteLength })
    const options = { bodyBytes: body.byteLength, signal }
    const { ETag } = await calls.run(`put ${key}: part ${number}`, ({ http }) => client.send(send, http), options)
    return { ...part, ETag }
  }

  #toPublication({ parts, bytes, crc }: Uploaded): Publication {
    const { name, client } = this.#bucket
    const complete = {
      Bucket: name,
      Key: this.#publication.s3Key,
      UploadId: this.#uploadId,
      MultipartUpload: { Parts: parts },
      MpuObjectSize: bytes,
      ChecksumCRC32: toChecksum(crc),
      ChecksumType: 'FULL_OBJECT',
    } as const
    return {
      ...this.#publication,
      bodyBytes: parts.length * completionBytesPerPart,
      send: async ({ http, condition }) =>
        (await client.send(new CompleteMultipartUploadCommand({ ...complete, ...condition }), http)).ETag,
    }
  }

  /** A failure here is told in the log alone: the outcome of the put is known. */
  async #abort(): Promise<void> {
    const { key, s3Key } = this.#publication
    try {
      await abortUpload(this.#bucket, s3Key, this.#uploadId)
    } catch (error) {
      this.#bucket.log?.warn(
        { key, err: error },
        'the parts of an unfinished upload remain; opening the store a day later removes them',
      )
    }
  }

  #tooLarge(): ObjectStoreError {
    const { partBytes } = this.#bucket.limits
    const problem = `is larger than ${mostParts} parts of ${partBytes} bytes`
    return new ObjectStoreError('RPT_OBJECT_SIZE', `put ${this.#publication.key}: its body ${problem}`)
  }
}
