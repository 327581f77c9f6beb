import type { StoredObject } from '../../object-store.ts'

/** In the metadata of what the driver writes: names the put, so that one whose answer was lost is known again. */
export const writeIdField = 'rapport-write-id'
/** In the metadata of what is written under a lock: the lease's token. */
export const fenceField = 'rapport-fence'

interface S3Description {
  readonly ETag?: string | undefined
  readonly LastModified?: Date | undefined
  readonly Metadata?: Record<string, string> | undefined
}

/** Entity tags are quoted in headers, not in the port. */
export const toEtag = (header: string | undefined): string => header?.replaceAll('"', '') ?? ''

/** The value of `If-Match`; undefined when no object can have that tag. */
export const toEtagHeader = (etag: string): string | undefined =>
  /^[\x21\x23-\x7e]{1,1024}$/.test(etag) ? `"${etag}"` : undefined

/** Headers tell the time of a change by the second and listings may be finer: both give the second. */
const toSecond = (time: Date | undefined): number => Math.floor((time?.getTime() ?? 0) / 1000) * 1000

export function toStoredObject(key: string, bytes: number | undefined, description: S3Description): StoredObject {
  return {
    key,
    bytes: bytes ?? 0,
    etag: toEtag(description.ETag),
    modifiedAtMs: toSecond(description.LastModified),
  }
}

/** An object with what its writer noted. */
export interface Standing {
  readonly object: StoredObject
  readonly writeId: string | undefined
  /** 0 when it was written under no lock. */
  readonly fence: number
}

export function toStanding(key: string, bytes: number | undefined, description: S3Description): Standing {
  const fence = Number(description.Metadata?.[fenceField])
  return {
    object: toStoredObject(key, bytes, description),
    writeId: description.Metadata?.[writeIdField],
    fence: Number.isSafeInteger(fence) ? fence : 0,
  }
}
