import { createHash } from 'node:crypto'

const CHUNK_KEY_BYTES = 12
const OFFSETS_PER_HIGH_WORD = 2 ** 32
/** Longer record keys are indexed by their SHA-256: an LMDB key has an upper bound. */
const MAX_INDEXED_KEY_BYTES = 512

/** `[u16 topic, u16 partition, u64 offset]`, big-endian, so that the bytes order as the numbers do. */
export function chunkKey(topicId: number, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(CHUNK_KEY_BYTES)
  key.writeUInt16BE(topicId, 0)
  key.writeUInt16BE(partition, 2)
  key.writeUInt32BE(Math.floor(offset / OFFSETS_PER_HIGH_WORD), 4)
  key.writeUInt32BE(offset % OFFSETS_PER_HIGH_WORD, 8)
  return key
}

/** The key after the partition's last possible chunk. */
export const partitionEnd = (topicId: number, partition: number): Buffer =>
  chunkKey(topicId, partition, Number.MAX_SAFE_INTEGER)

export function offsetOfChunkKey(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return view.getUint32(4) * OFFSETS_PER_HIGH_WORD + view.getUint32(8)
}

export function partitionOfChunkKey(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getUint16(2)
}

/** Key of the compaction index for a record's key. */
export function indexKey(topicId: number, key: Uint8Array): Buffer {
  const hashed = key.length > MAX_INDEXED_KEY_BYTES
  const body = hashed ? createHash('sha256').update(key).digest() : key
  const result = Buffer.allocUnsafe(3 + body.length)
  result.writeUInt16BE(topicId, 0)
  result[2] = hashed ? 1 : 0
  result.set(body, 3)
  return result
}

export function float64(value: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(8)
  bytes.writeDoubleLE(value, 0)
  return bytes
}
