import { crc32 } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { PutOptions, PutOutcome } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import { cutBody } from './body-parts.ts'
import { toChecksum } from './checksum.ts'
import { newWriteId, type Publication, type Publish } from './publish-object.ts'
import { PartUpload } from './part-upload.ts'
import { headObject } from './read-object.ts'
import { toEtagHeader } from './stored-object.ts'

export interface PutRequest {
  readonly key: string
  readonly s3Key: string
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  readonly options: PutOptions
}

/** Stores a body by one request, or in parts when it is larger than one. */
export async function putObject(bucket: Bucket, publish: Publish, request: PutRequest): Promise<PutOutcome> {
  const { key, s3Key, body, options } = request
  // No object has such a tag.
  if (options.ifMatch !== undefined && toEtagHeader(options.ifMatch) === undefined) return { stored: false }
  const publication = { key, s3Key, options, writeId: newWriteId() }
  const cut = await cutBody(body, bucket.limits.partBytes)
  if ('whole' in cut) return publish(wholePut(bucket, publication, cut.whole))
  try {
    // Says early, before anything large is sent, that a condition does not hold.
    if (!(await mayStore(bucket, request))) return { stored: false }
    const upload = await PartUpload.begin(bucket, publication)
    return await upload.finish(cut, publish)
  } finally {
    await cut.parts.return(undefined)
  }
}

function wholePut(
  { name, client }: Bucket,
  publication: Omit<Publication, 'bodyBytes' | 'send'>,
  body: Uint8Array,
): Publication {
  const content = {
    Bucket: name,
    Key: publication.s3Key,
    Body: body,
    ContentLength: body.byteLength,
    ChecksumCRC32: toChecksum(crc32(body)),
  }
  return {
    ...publication,
    bodyBytes: body.byteLength,
    send: async ({ http, condition, metadata }) => {
      const put = new PutObjectCommand({ ...content, ...condition, Metadata: metadata })
      return (await client.send(put, http)).ETag
    },
  }
}

async function mayStore(bucket: Bucket, { key, s3Key, options }: PutRequest): Promise<boolean> {
  if (options.ifAbsent !== true && options.ifMatch === undefined) return true
  return isMet(options, (await headObject(bucket, s3Key, { key }))?.object.etag)
}

/** Whether a condition holds over the etag that stands. */
export function isMet({ ifAbsent, ifMatch }: PutOptions, standing: string | undefined): boolean {
  if (ifAbsent === true) return standing === undefined
  return ifMatch === undefined || standing === ifMatch
}
