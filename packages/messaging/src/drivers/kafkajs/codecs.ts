import { promisify } from 'node:util'
import { gunzip, zstdCompress, zstdDecompress } from 'node:zlib'
import { lz4Compress, lz4Decompress, snappyCompress, snappyDecompress } from '@platformatic/wasm-utils'
import kafkajs from 'kafkajs'
import { gzipRecords } from '../kafka/gzip.ts'

// The names of a CommonJS module that Node does not find by itself.
const { CompressionCodecs, CompressionTypes } = kafkajs

/** kafkajs compresses what it encodes, and takes back what it decodes. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

const gzip: Codec = {
  compress: ({ buffer }) => gzipRecords(buffer),
  decompress: promisify(gunzip),
}
const zstd: Codec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: promisify(zstdDecompress),
}
const lz4: Codec = {
  compress: async ({ buffer }) => lz4Compress(buffer),
  decompress: async (bytes) => lz4Decompress(bytes),
}
const snappy: Codec = {
  compress: async ({ buffer }) => snappyCompress(buffer),
  decompress: async (bytes) => decompressSnappy(bytes),
}

/**
 * kafkajs reads gzip alone and fails at anything else, for ever and with all that was fetched beside it. Others may
 * compress as they like what they produce to a topic that is read here. Its own gzip has no level to be set.
 */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = () => gzip
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy
  // What kafkajs has no codec for it takes for records that are not compressed.
  for (const id of UNKNOWN_CODECS) Object.assign(CompressionCodecs, { [id]: () => unknownCodec(id) })
}

/** Of the three bits that a batch has for its codec. */
const UNKNOWN_CODECS = [5, 6, 7]

const unknownCodec = (id: number): Codec => {
  const refuse = (): Promise<Buffer> => Promise.reject(new TypeError(`no codec is known with the number ${id}`))
  return { compress: refuse, decompress: refuse }
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Either one block, or as the Java library frames it: a header, then blocks, each after its length. */
function decompressSnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappyDecompress(bytes)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) throw new RangeError('a block of snappy ends behind the batch')
    blocks.push(snappyDecompress(bytes.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}
