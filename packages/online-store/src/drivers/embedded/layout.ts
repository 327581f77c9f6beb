import { createHash } from 'node:crypto'

/*
 * Below an entity's number (6 bytes) lie, in this order: its record (kind 0), parts too large for the record
 * (kind 1, part), digests of its messages (kind 2, hour uint32, digest 8 bytes), buckets of its tallies
 * (kind 3, part, NUL, bucket uint16). Neighbours in the tree share pages, so an application touches few.
 */
const ENTITY_BYTES = 6
const RECORD = 0
const PART = 1
const DIGEST = 2
const TALLY_BUCKET = 3

/** lmdb takes keys of up to 1,978 bytes. */
const MAX_KEY_BYTES = 1900
const HEAD_BYTES = 1800

/** A key of any length as a key that LMDB takes: a long one keeps its head and ends in its SHA-256. No real key holds the byte 1. */
export function boundedKey(key: string): string {
  if (key.length <= MAX_KEY_BYTES) return key
  return `${key.slice(0, HEAD_BYTES)}\u0001${createHash('sha256').update(key).digest('hex')}`
}

const recordKeyBytes = Buffer.alloc(ENTITY_BYTES + 1)
const digestKeyBytes = Buffer.alloc(ENTITY_BYTES + 1 + 4 + 8)

/** Valid until the next call, as are all keys of fixed length. */
export function recordKey(entity: number): Buffer {
  recordKeyBytes.writeUIntBE(entity, 0, ENTITY_BYTES)
  recordKeyBytes[ENTITY_BYTES] = RECORD
  return recordKeyBytes
}

export function digestKey(entity: number, hour: number, digest: { high: number; low: number }): Buffer {
  digestKeyBytes.writeUIntBE(entity, 0, ENTITY_BYTES)
  digestKeyBytes[ENTITY_BYTES] = DIGEST
  digestKeyBytes.writeInt32BE(hour, ENTITY_BYTES + 1)
  digestKeyBytes.writeUInt32BE(digest.high, ENTITY_BYTES + 5)
  digestKeyBytes.writeUInt32BE(digest.low, ENTITY_BYTES + 9)
  return digestKeyBytes
}

function named(entity: number, kind: number, part: string, tail: number): Buffer {
  const length = Buffer.byteLength(part)
  const key = Buffer.allocUnsafe(ENTITY_BYTES + 1 + length + tail)
  key.writeUIntBE(entity, 0, ENTITY_BYTES)
  key[ENTITY_BYTES] = kind
  key.write(part, ENTITY_BYTES + 1, 'utf8')
  return key
}

export const externalPartKey = (entity: number, part: string): Buffer => named(entity, PART, part, 0)

export function tallyBucketKey(entity: number, part: string, bucket: number): Buffer {
  const key = named(entity, TALLY_BUCKET, part, 3)
  key[key.length - 3] = 0
  key.writeUInt16BE(bucket, key.length - 2)
  return key
}

/** `[first, behind the last]` of everything an entity has. */
export function entityRange(entity: number): { readonly start: Buffer; readonly end: Buffer } {
  const start = Buffer.alloc(ENTITY_BYTES)
  const end = Buffer.alloc(ENTITY_BYTES)
  start.writeUIntBE(entity, 0, ENTITY_BYTES)
  end.writeUIntBE(entity + 1, 0, ENTITY_BYTES)
  return { start, end }
}

/** `[first, behind the last]` of an entity's digests of one hour. */
export function digestRange(entity: number, hour: number): { readonly start: Buffer; readonly end: Buffer } {
  const none = { high: 0, low: 0 }
  const start = Buffer.from(digestKey(entity, hour, none)).subarray(0, ENTITY_BYTES + 5)
  const end = Buffer.from(digestKey(entity, hour + 1, none)).subarray(0, ENTITY_BYTES + 5)
  return { start, end }
}
