import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { StoredObject } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import { toStoredObject } from './stored-object.ts'

interface Listed extends Omit<StoredObject, 'key'> {
  readonly s3Key: string
}

/** Page by page, in the order of the store, which is that of UTF-8 bytes (S3, general purpose buckets). */
export async function* listS3Keys(
  { name, client, calls }: Bucket,
  s3Prefix: string,
  startAfter?: string,
): AsyncGenerator<Listed> {
  const query = { Bucket: name, Prefix: s3Prefix, ...(startAfter === undefined ? {} : { StartAfter: startAfter }) }
  let next: string | undefined
  do {
    const page = new ListObjectsV2Command(next === undefined ? query : { ...query, ContinuationToken: next })
    const answer = await calls.run(`list ${s3Prefix}`, ({ http }) => client.send(page, http))
    for (const { Key: s3Key = '', Size: bytes, ...description } of answer.Contents ?? []) {
      const { key: _, ...object } = toStoredObject(s3Key, bytes, description)
      yield { ...object, s3Key }
    }
    next = answer.IsTruncated === true ? answer.NextContinuationToken : undefined
  } while (next !== undefined)
}

export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<StoredObject> {
  const { keys } = bucket
  const startAfter = after === undefined ? undefined : keys.toS3Position(after)
  for await (const { s3Key, ...object } of listS3Keys(bucket, keys.toS3Prefix(prefix), startAfter)) {
    const key = keys.fromS3Key(s3Key)
    if (key !== undefined) yield { key, ...object }
  }
}
