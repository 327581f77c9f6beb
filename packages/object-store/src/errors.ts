import { RapportError } from '@rapport/core'

export type ObjectStoreErrorCode =
  /** The key or prefix breaks the rules of the port. */
  | 'RPT_OBJECT_KEY'
  /** The range begins behind the end of the object. */
  | 'RPT_OBJECT_RANGE'
  /** A put names more than one condition. */
  | 'RPT_OBJECT_CONDITION'
  /** The store cannot be used as it is configured: no such bucket, refused credentials, an option out of range. Thrown on opening. */
  | 'RPT_OBJECT_STORE_CONFIG'
  /** What the store holds does not fit its own checksum, however often it is read. */
  | 'RPT_OBJECT_CORRUPT'
  /** A body is larger than the store takes. */
  | 'RPT_OBJECT_SIZE'
  /** The store could not do it now; the outcome of a write is unknown. */
  | 'RPT_OBJECT_STORE_UNAVAILABLE'

/**
 * What an object store throws. Of its codes only `RPT_OBJECT_STORE_UNAVAILABLE` can be tried again; a `RecordContendedError`,
 * which no store throws but what changes records in one, can be, too.
 */
export class ObjectStoreError extends RapportError {
  override readonly name = 'ObjectStoreError'

  constructor(code: ObjectStoreErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, canRetry: code === 'RPT_OBJECT_STORE_UNAVAILABLE' })
  }
}
