import { compressionsAlgorithms, type CompressionAlgorithmSpecification } from '@platformatic/kafka'
import { gzipRecords } from '../kafka/gzip.ts'

/** The client has no option for the level. */
export function setGzipLevel(): void {
  Object.assign(compressionsAlgorithms.gzip, {
    compress: (records) => gzipRecords(Buffer.isBuffer(records) ? records : records.buffer),
  } satisfies Partial<CompressionAlgorithmSpecification>)
}
