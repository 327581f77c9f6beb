import { crc32c } from '@platformatic/kafka'
import type { ProduceBatch, ProducerIdentity, ProduceRecord } from '../kafka/connection.ts'
import { gzipRecords } from '../kafka/gzip.ts'

const MAGIC = 2
const GZIP = 1
/** What stands before the records: offset, length, epoch of the leader, magic, checksum, and what the checksum covers. */
const HEAD_BYTES = 61
const LENGTH_AT = 8
const BEHIND_LENGTH = 12
const MAGIC_AT = 16
const CHECKSUM_AT = 17
const ATTRIBUTES_AT = 21

export interface RecordBatchOptions {
  readonly identity: ProducerIdentity
  readonly compression: 'none' | 'gzip'
  /** The time of all records, in milliseconds since 1970. */
  readonly timestamp: number
}

/**
 * A record batch of version 2 ("Record Batch" in Kafka's description of its messages), whose records all have one time.
 * The client's own way gives the same bytes, but takes longer and has no option for the level of gzip (ADR 0014).
 */
export async function encodeRecordBatch(
  { firstSequence, records }: ProduceBatch,
  { identity, compression, timestamp }: RecordBatchOptions,
): Promise<Buffer> {
  const plain = encodeRecords(records)
  const body = compression === 'gzip' ? await gzipRecords(plain) : plain
  const batch = Buffer.allocUnsafe(HEAD_BYTES + body.length)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - BEHIND_LENGTH, LENGTH_AT)
  batch.writeInt32BE(0, BEHIND_LENGTH)
  batch.writeInt8(MAGIC, MAGIC_AT)
  let at = batch.writeInt16BE(compression === 'gzip' ? GZIP : 0, ATTRIBUTES_AT)
  at = batch.writeInt32BE(records.length - 1, at)
  const time = BigInt(timestamp)
  at = batch.writeBigInt64BE(time, at)
  at = batch.writeBigInt64BE(time, at)
  at = batch.writeBigInt64BE(BigInt(identity.id), at)
  at = batch.writeInt16BE(identity.epoch, at)
  at = batch.writeInt32BE(firstSequence, at)
  at = batch.writeInt32BE(records.length, at)
  batch.set(body, at)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CHECKSUM_AT)
  return batch
}

type EncodedHeader = readonly [name: Buffer, text: Buffer]
type EncodedRecord = Pick<ProduceRecord, 'key' | 'value'> & {
  readonly headers: readonly EncodedHeader[]
  /** Without what tells it. */
  readonly bytes: number
}

function encodeRecords(records: readonly ProduceRecord[]): Buffer {
  const encoded = records.map(measured)
  const block = new Block(encoded.reduce((sum, { bytes }) => sum + varintBytes(bytes) + bytes, 0))
  for (const [offset, { key, value, headers, bytes }] of encoded.entries()) {
    block.varint(bytes)
    // Attributes, of which there are none, and a time that does not differ from the batch's.
    block.varint(0)
    block.varint(0)
    block.varint(offset)
    block.part(key)
    block.part(value)
    block.varint(headers.length)
    for (const [name, text] of headers) {
      block.part(name)
      block.part(text)
    }
  }
  return block.bytes
}

const noHeaders: readonly EncodedHeader[] = []

function measured(record: ProduceRecord, offset: number): EncodedRecord {
  const { key, value } = record
  const headers = record.headers === undefined ? noHeaders : Object.entries(record.headers).map(encodeHeader)
  let bytes = 2 + varintBytes(offset) + partBytes(key) + partBytes(value) + varintBytes(headers.length)
  for (const [name, text] of headers) bytes += partBytes(name) + partBytes(text)
  return { key, value, headers, bytes }
}

const encodeHeader = ([name, text]: readonly [string, string]): EncodedHeader => [
  Buffer.from(name, 'utf8'),
  Buffer.from(text, 'utf8'),
]

/** With its length in front; null has the length -1. */
const partBytes = (part: Uint8Array | null): number =>
  part === null ? varintBytes(-1) : varintBytes(part.byteLength) + part.byteLength

/** Bytes that are written from the first to the last. */
class Block {
  readonly bytes: Buffer
  #at = 0

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size)
  }

  varint(value: number): void {
    let left = zigzag(value)
    while (left > 127) {
      this.bytes[this.#at++] = (left & 127) | 128
      left >>>= 7
    }
    this.bytes[this.#at++] = left
  }

  part(part: Uint8Array | null): void {
    if (part === null) return this.varint(-1)
    this.varint(part.byteLength)
    this.bytes.set(part, this.#at)
    this.#at += part.byteLength
  }
}

/** Zigzag: small numbers of either sign are short. */
const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0

function varintBytes(value: number): number {
  let left = zigzag(value)
  let bytes = 1
  while (left > 127) {
    left >>>= 7
    bytes += 1
  }
  return bytes
}
