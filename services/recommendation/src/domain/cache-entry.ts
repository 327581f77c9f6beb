/** What a cached answer was made from, and the answer itself as it goes out. */
export interface CacheEntry {
  readonly header: CacheHeader
  /** The JSON body. */
  readonly body: Uint8Array
}

export interface CacheHeader {
  readonly recommendationId: string
  /** Null when no model was there. */
  readonly model: string | null
  /** The visitor's stamp: it changes with every event of every linked id. */
  readonly stamp: string
  /** Ids with the versions of their catalogue entries; 0 for an item without one. */
  readonly items: readonly (readonly [id: string, version: number])[]
  readonly strategy: string
  /** The fields of the exposure's record that every showing shares, as the inside of a JSON object. */
  readonly exposureFields: string
}

const lengthBytes = 4

/** Header length, header, body: the body is sent without being parsed. */
export function encodeCacheEntry({ header, body }: CacheEntry): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const bytes = Buffer.allocUnsafe(lengthBytes + json.length + body.length)
  bytes.writeUInt32LE(json.length, 0)
  json.copy(bytes, lengthBytes)
  bytes.set(body, lengthBytes + json.length)
  return bytes
}

/** Reads what `encodeCacheEntry` wrote; the name of a cache key carries the version of this form. */
export function decodeCacheEntry(stored: Uint8Array): CacheEntry {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const bodyAt = lengthBytes + bytes.readUInt32LE(0)
  const header = JSON.parse(bytes.toString('utf8', lengthBytes, bodyAt)) as CacheHeader
  return { header, body: bytes.subarray(bodyAt) }
}
