import { randomUUID } from 'node:crypto'
import { ObjectStoreError } from '../../errors.ts'
import type { PutOptions, PutOutcome } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import type { Attempt } from './calls.ts'
import { headObject } from './read-object.ts'
import { isConditionFailure, nameOf } from './s3-errors.ts'
import { toEtag, toEtagHeader, writeIdField } from './stored-object.ts'

/** What a request that makes an object appear carries besides the object. */
export interface PublishRequest {
  readonly http: Attempt['http']
  readonly condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string }
  readonly metadata: Record<string, string>
}

/** An object that is ready to appear at its key by one request: a put, or the completion of an upload. */
export interface Publication {
  readonly key: string
  readonly s3Key: string
  readonly writeId: string
  readonly options: PutOptions
  readonly bodyBytes: number
  /** Resolves with the `ETag` header. */
  readonly send: (request: PublishRequest) => Promise<string | undefined>
}

export type Publish = (publication: Publication) => Promise<PutOutcome>

export const newWriteId = (): string => randomUUID()

export const isConditional = ({ ifAbsent, ifMatch }: PutOptions): boolean => ifAbsent === true || ifMatch !== undefined

export function unknownOutcome(key: string, reason: string): ObjectStoreError {
  return new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', `put ${key}: whether it was stored is unknown: ${reason}`)
}

function toCondition({ ifAbsent, ifMatch }: PutOptions): PublishRequest['condition'] {
  if (ifAbsent === true) return { IfNoneMatch: '*' }
  const IfMatch = ifMatch === undefined ? undefined : toEtagHeader(ifMatch)
  return IfMatch === undefined ? {} : { IfMatch }
}

export interface PublishOptions {
  readonly signal?: AbortSignal
  readonly metadata?: Record<string, string>
  /** False for stores that do not know the headers. */
  readonly sendsConditions?: boolean
}

/**
 * Publishes under the store's own comparison. A request that is tried again because its answer was lost may find its own
 * object standing: the write id in the metadata tells. Where another object stands by then, ours may have stood in between,
 * so that neither outcome can be told.
 *
 * @throws ObjectStoreError `RPT_OBJECT_STORE_UNAVAILABLE`
 */
export async function publishByStore(
  bucket: Bucket,
  { key, s3Key, writeId, options, bodyBytes, send }: Publication,
  { signal, metadata = {}, sendsConditions = true }: PublishOptions = {},
): Promise<PutOutcome> {
  const outgoing = {
    signal: signal === undefined ? {} : { signal },
    metadata: { ...metadata, [writeIdField]: writeId },
  }
  const condition = sendsConditions ? toCondition(options) : {}
  const outcome = await bucket.calls.run(
    `put ${key}`,
    async ({ http, mayHaveHappened }): Promise<PutOutcome | 'unsure'> => {
      try {
        const etag = await send({ http, condition, metadata: outgoing.metadata })
        return { stored: true, etag: toEtag(etag) }
      } catch (error) {
        const isRefused = isConditional(options) && isConditionFailure(error)
        if (isRefused && !mayHaveHappened) return { stored: false }
        // The upload is gone when it was completed.
        if (mayHaveHappened && (isRefused || nameOf(error) === 'NoSuchUpload')) return 'unsure'
        throw error
      }
    },
    { bodyBytes, ...outgoing.signal },
  )
  if (outcome !== 'unsure') return outcome
  const standing = await headObject(bucket, s3Key, { key, ...outgoing.signal })
  if (standing?.writeId === writeId) return { stored: true, etag: standing.object.etag }
  throw unknownOutcome(key, 'the answer was lost, and something else stands there now')
}
