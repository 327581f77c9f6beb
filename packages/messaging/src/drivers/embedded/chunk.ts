import type { LogRecord } from '../../event-log.ts'

/*
 * A chunk is what one commit adds to one partition: consecutive records in one LMDB value, so that a thousand small
 * records cost one insertion. Its key holds the first offset. Integers are little-endian.
 *   header: u32 count, f64 append time
 *   record: u8 flags, u16 key bytes, u32 value bytes, key, value, and with headers: u32 bytes, (u16, name, u32, value)*
 */
const HEADER_BYTES = 12
const RECORD_HEAD_BYTES = 7
const TOMBSTONE = 1
const HAS_HEADERS = 2
/** A chunk takes no further record beyond this size; a larger record has a chunk of its own. */
export const CHUNK_BYTES = 64 * 1024

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

/** A chunk that is being filled. `key` starts at `keyStart` of `scratch`. */
export class ChunkBuilder {
  readonly buffer: Buffer
  readonly partition: number
  count = 0
  length = HEADER_BYTES
  /** Known once the chunk has been written. */
  firstOffset = -1

  constructor(buffer: Buffer, partition: number) {
    this.buffer = buffer
    this.partition = partition
  }

  hasRoom(recordBytes: number): boolean {
    return this.length + recordBytes <= this.buffer.length
  }

  add(key: Uint8Array, value: Uint8Array | null, headers: Buffer | undefined): void {
    const { buffer } = this
    let at = this.length
    buffer[at] = (value === null ? TOMBSTONE : 0) | (headers === undefined ? 0 : HAS_HEADERS)
    buffer.writeUInt16LE(key.length, at + 1)
    buffer.writeUInt32LE(value?.length ?? 0, at + 3)
    at += RECORD_HEAD_BYTES
    buffer.set(key, at)
    at += key.length
    if (value !== null) {
      buffer.set(value, at)
      at += value.length
    }
    if (headers !== undefined) {
      buffer.writeUInt32LE(headers.length, at)
      buffer.set(headers, at + 4)
      at += 4 + headers.length
    }
    this.length = at
    this.count += 1
  }

  /** The finished value; valid until the buffer is used again. */
  finish(appendedAtMs: number): Buffer {
    this.buffer.writeUInt32LE(this.count, 0)
    this.buffer.writeDoubleLE(appendedAtMs, 4)
    return this.buffer.subarray(0, this.length)
  }
}

/** Bytes of a chunk that holds one such record alone. */
export const chunkBytesOf = (keyBytes: number, valueBytes: number, headerBytes: number | undefined): number =>
  HEADER_BYTES + recordBytesOf(keyBytes, valueBytes, headerBytes)

export const recordBytesOf = (keyBytes: number, valueBytes: number, headerBytes: number | undefined): number =>
  RECORD_HEAD_BYTES + keyBytes + valueBytes + (headerBytes === undefined ? 0 : 4 + headerBytes)

export function encodeHeaders(headers: Readonly<Record<string, string>> | undefined): Buffer | undefined {
  if (headers === undefined) return undefined
  const parts: Buffer[] = []
  for (const [name, text] of Object.entries(headers)) {
    const nameBytes = Buffer.from(name, 'utf8')
    const textBytes = Buffer.from(text, 'utf8')
    const sizes = Buffer.allocUnsafe(6)
    sizes.writeUInt16LE(nameBytes.length, 0)
    sizes.writeUInt32LE(textBytes.length, 2)
    parts.push(sizes, nameBytes, textBytes)
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts)
}

function decodeHeaders(bytes: Buffer): Readonly<Record<string, string>> {
  const headers: [name: string, text: string][] = []
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 6 + bytes.readUInt16LE(at)
    const textEnd = nameEnd + bytes.readUInt32LE(at + 2)
    headers.push([bytes.toString('utf8', at + 6, nameEnd), bytes.toString('utf8', nameEnd, textEnd)])
    at = textEnd
  }
  // Not by assignment: a header may be called __proto__.
  return Object.fromEntries(headers)
}

export const chunkCount = (chunk: Buffer): number => chunk.readUInt32LE(0)
export const chunkAppendedAtMs = (chunk: Buffer): number => chunk.readDoubleLE(4)

export interface ChunkSlice {
  readonly topic: string
  readonly partition: number
  readonly firstOffset: number
  /** Records below this offset are left out. */
  readonly fromOffset: number
  readonly limit: number
}

/** Appends the chunk's records at or after `fromOffset` to `into`, until that holds `limit`. Values are views of `chunk`. */
export function decodeChunk(chunk: Buffer, slice: ChunkSlice, into: LogRecord[]): void {
  const { topic, partition, fromOffset, limit } = slice
  const count = chunkCount(chunk)
  const appendedAtMs = chunkAppendedAtMs(chunk)
  let at = HEADER_BYTES
  for (let index = 0; index < count && into.length < limit; index += 1) {
    const flags = chunk.readUInt8(at)
    const keyEnd = at + RECORD_HEAD_BYTES + chunk.readUInt16LE(at + 1)
    const valueEnd = keyEnd + chunk.readUInt32LE(at + 3)
    const end = (flags & HAS_HEADERS) === 0 ? valueEnd : valueEnd + 4 + chunk.readUInt32LE(valueEnd)
    const offset = slice.firstOffset + index
    if (offset >= fromOffset) {
      into.push({
        topic,
        partition,
        offset,
        key: chunk.toString('utf8', at + RECORD_HEAD_BYTES, keyEnd),
        value: (flags & TOMBSTONE) === 0 ? chunk.subarray(keyEnd, valueEnd) : null,
        headers: end === valueEnd ? noHeaders : decodeHeaders(chunk.subarray(valueEnd + 4, end)),
        appendedAtMs,
      })
    }
    at = end
  }
}

/** The key's bytes of a chunk's only record (compacted topics). */
export function soleKeyBytes(chunk: Buffer): Buffer {
  const start = HEADER_BYTES + RECORD_HEAD_BYTES
  return chunk.subarray(start, start + chunk.readUInt16LE(HEADER_BYTES + 1))
}

export const isTombstone = (builder: ChunkBuilder): boolean => ((builder.buffer[HEADER_BYTES] ?? 0) & TOMBSTONE) !== 0
