const SEED = 0x97_47_b2_8c
const M = 0x5b_d1_e9_95
const R = 24

/**
 * 32-bit MurmurHash2 of `bytes[start, end)` as Apache Kafka's clients compute it (seed 0x9747b28c), as a signed integer.
 * Source: Austin Appleby's MurmurHash2; `org.apache.kafka.common.utils.Utils.murmur2`.
 */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start
  let hash = SEED ^ length
  let index = start
  for (const last = end - (length & 3); index < last; index += 4) {
    let word = byteAt(bytes, index) | (byteAt(bytes, index + 1) << 8)
    word |= (byteAt(bytes, index + 2) << 16) | (byteAt(bytes, index + 3) << 24)
    word = Math.imul(word, M)
    word = Math.imul(word ^ (word >>> R), M)
    hash = Math.imul(hash, M) ^ word
  }
  const left = end - index
  if (left > 2) hash ^= byteAt(bytes, index + 2) << 16
  if (left > 1) hash ^= byteAt(bytes, index + 1) << 8
  if (left > 0) hash = Math.imul(hash ^ byteAt(bytes, index), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

/** The partition that Kafka's default partitioner picks for a record whose key hashes to `hash`. */
export const partitionOfHash = (hash: number, partitions: number): number => (hash & 0x7f_ff_ff_ff) % partitions

/** The partition of a keyed record, for every driver of the event log: murmur2 of the key's UTF-8 bytes, modulo. */
export const partitionOf = (key: string, partitions: number): number =>
  partitionOfHash(murmur2(Buffer.from(key, 'utf8')), partitions)

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}
