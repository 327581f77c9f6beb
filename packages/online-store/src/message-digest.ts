/** 64 bits of a text, as two unsigned 32-bit words. Not cryptographic: only for tables whose collisions cost the sender alone. */
export interface Digest {
  readonly high: number
  readonly low: number
}

/** The low word of `digestOf`. */
export function hashText(text: string): number {
  return digestOf(text).low
}

/**
 * Two 32-bit multiply-xor lanes over the UTF-16 code units, crossed and finished with the MurmurHash3 mixer
 * (A. Appleby, fmix32).
 */
export function digestOf(text: string): Digest {
  let first = 0xdeadbeef ^ text.length
  let second = 0x41c6ce57 ^ text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    first = Math.imul(first ^ unit, 0x9e3779b1)
    second = Math.imul(second ^ unit, 0x5f356495)
    first = (first << 13) | (first >>> 19)
  }
  const low = mix(first ^ Math.imul(second ^ (second >>> 15), 0x735a2d97))
  const high = mix(second ^ Math.imul(first ^ (first >>> 15), 0xcaf649a9))
  return { high: high >>> 0, low: low >>> 0 }
}

function mix(word: number): number {
  let mixed = word ^ (word >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
