import { NumericMap, type MessageRecord } from '@platformatic/kafka'
import type { ProduceBatch, ProduceRecord } from '../kafka/connection.ts'

/** Batches as the client takes them: their records in one list, their sequences in another. */
export function toMessages(batches: readonly ProduceBatch[]): { messages: MessageRecord[]; sequences: NumericMap } {
  const timestamp = BigInt(Date.now())
  const sequences = new NumericMap()
  const messages: MessageRecord[] = []
  for (const { topic, partition, firstSequence, records } of batches) {
    sequences.set(`${topic}:${partition}`, firstSequence)
    for (const { key, value, headers } of records) {
      const message = { topic, partition, timestamp, key: asBuffer(key), value: asValue(value) }
      messages.push(headers === undefined ? message : { ...message, headers: toHeaders(headers) })
    }
  }
  return { messages, sequences }
}

const toHeaders = (headers: NonNullable<ProduceRecord['headers']>): Map<Buffer, Buffer> =>
  new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name, 'utf8'), Buffer.from(value, 'utf8')]))

/** The client writes null as a tombstone, whatever its types say. */
const asValue = (value: Uint8Array | null): Buffer => (value === null ? (null as unknown as Buffer) : asBuffer(value))

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
