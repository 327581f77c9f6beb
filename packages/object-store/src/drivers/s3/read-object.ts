import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from '@aws-sdk/client-s3'
import { ObjectStoreError } from '../../errors.ts'
import type { StoredObject } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import { readBody } from './read-body.ts'
import { isNoSuchKey, statusOf } from './s3-errors.ts'
import { type Standing, toStanding, toStoredObject } from './stored-object.ts'

/** The object at an S3 key as it stands; `key` is what it is called in the answer. */
export function headObject(
  { name, client, calls }: Bucket,
  s3Key: string,
  { key, signal }: { readonly key: string; readonly signal?: AbortSignal },
): Promise<Standing | undefined> {
  const head = new HeadObjectCommand({ Bucket: name, Key: s3Key })
  return calls.run(
    `head ${key}`,
    async ({ http }) => {
      try {
        const answer = await client.send(head, http)
        return toStanding(key, answer.ContentLength, answer)
      } catch (error) {
        if (isNoSuchKey(error)) return undefined
        throw error
      }
    },
    signal === undefined ? {} : { signal },
  )
}

export interface ByteRange {
  readonly first: number
  readonly last?: number
}

export interface OpenedObject {
  readonly body: AsyncIterable<Uint8Array>
  readonly object: StoredObject
}

const describeRange = ({ first, last }: ByteRange): string => `bytes ${first} to ${last ?? 'the end'}`

/** S3 gives the whole object for a range that makes no sense. */
const isRange = ({ first, last }: ByteRange): boolean =>
  Number.isSafeInteger(first) && first >= 0 && (last === undefined || (Number.isSafeInteger(last) && last >= first))

/** @throws ObjectStoreError `RPT_OBJECT_RANGE` */
export async function openObject(bucket: Bucket, key: string, range: ByteRange): Promise<OpenedObject | undefined> {
  const { name, keys, client, calls, limits } = bucket
  const s3Key = keys.toS3Key(key)
  const rangeError = (ofBytes: string, cause?: unknown): ObjectStoreError =>
    new ObjectStoreError('RPT_OBJECT_RANGE', `open ${key}: ${describeRange(range)}${ofBytes}`, { cause })
  if (!isRange(range)) {
    const standing = await headObject(bucket, s3Key, { key })
    if (standing === undefined) return undefined
    throw rangeError(` of ${standing.object.bytes}`)
  }
  const wantsAll = range.first === 0 && range.last === undefined
  const header = wantsAll ? {} : { Range: `bytes=${range.first}-${range.last ?? ''}` }
  return calls.run(`open ${key}`, async ({ http }) => {
    let answer: GetObjectCommandOutput
    try {
      answer = await client.send(new GetObjectCommand({ Bucket: name, Key: s3Key, ...header }), http)
    } catch (error) {
      if (isNoSuchKey(error)) return undefined
      if (statusOf(error) === 416) throw rangeError(' lie behind its end', error)
      throw error
    }
    const body = readBody(answer.Body, {
      bytes: answer.ContentLength ?? 0,
      idleTimeoutMs: limits.idleBodyTimeoutMs,
      toError: (error) => calls.unavailable(`reading ${key}`, error),
    })
    const bytes = wantsAll ? answer.ContentLength : totalBytes(answer.ContentRange)
    return { body, object: toStoredObject(key, bytes, answer) }
  })
}

/** `bytes 0-9/1000` */
function totalBytes(contentRange: string | undefined): number {
  const total = /\/(\d+)$/.exec(contentRange ?? '')?.[1]
  if (total === undefined) throw new Error('the answer to a range is not one')
  return Number(total)
}
