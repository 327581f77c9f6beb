import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { nameOf } from './s3-errors.ts'

/** Removes the parts of uploads whose process has died. What fails here is told in the log: the store works all the same. */
export async function removeAbandonedUploads(bucket: Bucket): Promise<void> {
  const { keys, limits, log } = bucket
  const before = Date.now() - limits.abandonedUploadMs
  let removed = 0
  try {
    for await (const { s3Key, uploadId, initiatedAtMs } of listUploads(bucket, keys.toS3Prefix(''))) {
      if (initiatedAtMs > before) continue
      await abortUpload(bucket, s3Key, uploadId)
      removed += 1
    }
  } catch (error) {
    log?.warn({ bucket: bucket.name, err: error }, 'uploads that were never finished could not be removed')
  }
  if (removed > 0) log?.info({ bucket: bucket.name, removed }, 'removed uploads that were never finished')
}

/** An upload that is gone already is fine. */
export async function abortUpload({ name, client, calls }: Bucket, s3Key: string, uploadId: string): Promise<void> {
  const abort = new AbortMultipartUploadCommand({ Bucket: name, Key: s3Key, UploadId: uploadId })
  await calls.run(`abort an upload of ${s3Key}`, async ({ http }) => {
    try {
      await client.send(abort, http)
    } catch (error) {
      if (nameOf(error) !== 'NoSuchUpload') throw error
    }
  })
}

interface Unfinished {
  readonly s3Key: string
  readonly uploadId: string
  readonly initiatedAtMs: number
}

async function* listUploads({ name, client, calls }: Bucket, s3Prefix: string): AsyncGenerator<Unfinished> {
  let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
  while (after !== undefined) {
    const page: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: name,
      Prefix: s3Prefix,
      ...after,
    })
    const answer: ListMultipartUploadsCommandOutput = await calls.run('list unfinished uploads', ({ http }) =>
      client.send(page, http),
    )
    for (const { Key, UploadId, Initiated } of answer.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue
      yield { s3Key: Key, uploadId: UploadId, initiatedAtMs: Initiated.getTime() }
    }
    const { IsTruncated, NextKeyMarker: KeyMarker = '', NextUploadIdMarker: UploadIdMarker = '' } = answer
    after = IsTruncated === true && KeyMarker !== '' ? { KeyMarker, UploadIdMarker } : undefined
  }
}
