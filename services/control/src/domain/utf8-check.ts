import { isUtf8 } from 'node:buffer'

/** How many bytes a sequence has that begins with this byte; 1 for a byte that begins none. */
const sequenceLength = (byte: number): number => (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1)

/** How many bytes at the end may be the beginning of a sequence that goes on. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    return sequenceLength(byte) > back ? back : 0
  }
  return 0
}

/** Where the first byte stands that is no UTF-8. There must be one. */
function firstInvalid(bytes: Buffer): number {
  let at = 0
  for (;;) {
    const end = at + sequenceLength(bytes[at] ?? 0)
    if (!isUtf8(bytes.subarray(at, end))) return at
    at = end
  }
}

/** Finds the first byte that is no UTF-8 in bytes that come in pieces. */
export class Utf8Check {
  #held: Buffer = Buffer.alloc(0)
  /** Of the first held byte. */
  #offset = 0

  /** The offset of the first invalid byte, from 0; undefined while there is none. */
  push(chunk: Buffer): number | undefined {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const whole = bytes.subarray(0, bytes.length - unfinishedBytes(bytes))
    if (!isUtf8(whole)) return this.#offset + firstInvalid(whole)
    this.#offset += whole.length
    this.#held = Buffer.from(bytes.subarray(whole.length))
    return undefined
  }

  /** The same for bytes that end inside a character. */
  end(): number | undefined {
    return this.#held.length === 0 ? undefined : this.#offset
  }
}
