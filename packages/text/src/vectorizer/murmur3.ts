const c1 = 0xcc_9e_2d_51
const c2 = 0x1b_87_35_93

/** 32-bit MurmurHash3 (x86) of `bytes[start, end)` with seed 0, as a signed integer. Source: Austin Appleby's MurmurHash3. */
export function murmur3(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0
  let at = start
  for (const last = end - ((end - start) & 3); at < last; at += 4) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
    hash ^= scrambled(low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6_54_6b_64) | 0
  }
  let tail = 0
  for (let byte = end - 1; byte >= at; byte -= 1) tail = (tail << 8) | (bytes[byte] as number)
  if (end > at) hash ^= scrambled(tail)
  hash ^= end - start
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return hash ^ (hash >>> 16)
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, c1)
  return Math.imul((mixed << 15) | (mixed >>> 17), c2)
}
