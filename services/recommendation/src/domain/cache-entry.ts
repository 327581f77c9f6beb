/** What a cached answer was made from. */
export interface CacheHeader {
  readonly recommendationId: string
  /** Null when no model was there. */
  readonly model: string | null
  /** The visitor's stamp: it changes with every event of every linked id. */
  readonly stamp: string
  readonly strategy: string
  /** Ids of the items, and the versions of their catalogue entries; 0 for an item without one. */
  readonly items: readonly string[]
  readonly versions: readonly number[]
  /** Milliseconds since the epoch. */
  readonly untilMs: number
}

/** A cached answer: the header is compared, the rest goes out as it lies. */
export interface CacheEntry {
  readonly header: CacheHeader
  /** The fields of the exposure's record that every showing shares: JSON, the inside of an object. */
  readonly exposureFields: Uint8Array
  /** The JSON body. */
  readonly body: string
  /** The catalogue's revision, in this process, at which its items were last found unchanged; not stored. */
  checkedRevision?: number
}

const lengthBytes = 4

/** Two lengths, header, exposure, body: only the header is ever parsed. */
export function encodeCacheEntry({ header, exposureFields, body }: CacheEntry): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const lengths = Buffer.alloc(2 * lengthBytes)
  lengths.writeUInt32LE(json.length, 0)
  lengths.writeUInt32LE(exposureFields.length, lengthBytes)
  return Buffer.concat([lengths, json, exposureFields, Buffer.from(body)])
}

/** Reads what `encodeCacheEntry` wrote; the name of a cache key carries the version of this form. */
export function decodeCacheEntry(stored: Uint8Array): CacheEntry {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const headerAt = 2 * lengthBytes
  const exposureAt = headerAt + bytes.readUInt32LE(0)
  const bodyAt = exposureAt + bytes.readUInt32LE(lengthBytes)
  return {
    header: JSON.parse(bytes.toString('utf8', headerAt, exposureAt)) as CacheHeader,
    // A copy: a part of it would keep the whole entry in memory.
    exposureFields: Buffer.from(bytes.subarray(exposureAt, bodyAt)),
    body: bytes.toString('utf8', bodyAt),
  }
}
