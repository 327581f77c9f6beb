import { gunzipSync } from 'node:zlib'
import { createRecordsBatch, NumericMap, readRecordsBatch, Reader, type MessageRecord } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import type { ProduceRecord } from '../kafka/connection.ts'
import { encodeRecordBatch } from './record-batch.ts'

const identity = { id: '9007199254740993', epoch: 7 }
const timestamp = 1_764_460_800_123
const place = { topic: 'orders', partition: 3 }
const firstSequence = 4_711

const record = (key: string, value: string | null, headers?: Record<string, string>): ProduceRecord => ({
  key: new TextEncoder().encode(key),
  value: value === null ? null : new TextEncoder().encode(value),
  headers,
})
/** More than 64 of them, and texts of more than 64 and 8,192 bytes: numbers of one, two and three bytes. */
const records: readonly ProduceRecord[] = [
  record('u', null),
  record('用户-1', ''),
  record('u-2', 'v', {}),
  record('u-3', 'v', { traceparent: '00-1', 名: '值', empty: '' }),
  record('k'.repeat(63), 'v'.repeat(64)),
  record('k'.repeat(64), 'v'.repeat(8_191)),
  record('k', 'v'.repeat(8_192)),
  ...Array.from({ length: 150 }, (_, index) => record(`u-${index}`, `{"n":${index}}`)),
]

function byTheClient(): Buffer {
  const sequences = new NumericMap([[`${place.topic}:${place.partition}`, firstSequence]])
  const messages = records.map(({ key, value, headers }): MessageRecord => ({
    ...place,
    timestamp: BigInt(timestamp),
    key: Buffer.from(key),
    value: value === null ? (null as unknown as Buffer) : Buffer.from(value),
    headers: new Map(Object.entries(headers ?? {}).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  }))
  const options = { producerId: BigInt(identity.id), producerEpoch: identity.epoch, sequences }
  return createRecordsBatch(messages, { compression: 'none', ...options }).buffer
}

test('a batch has the bytes that the client gives it', async () => {
  const batch = { ...place, firstSequence, records }
  const encoded = await encodeRecordBatch(batch, { identity, timestamp, compression: 'none' })
  expect(encoded.equals(byTheClient())).toBe(true)
})

test('a compressed batch holds the same records under a head that says so', async () => {
  const options = { identity, timestamp }
  const batch = { ...place, firstSequence, records }
  const plain = await encodeRecordBatch(batch, { ...options, compression: 'none' })
  const packed = await encodeRecordBatch(batch, { ...options, compression: 'gzip' })
  const behindHead = 61
  expect(gunzipSync(packed.subarray(behindHead)).equals(plain.subarray(behindHead))).toBe(true)
  const { records: read, ...head } = readRecordsBatch(Reader.from(packed))
  expect(read).toHaveLength(records.length)
  expect(head).toMatchObject({
    attributes: 1,
    length: packed.length - 12,
    lastOffsetDelta: records.length - 1,
    firstSequence,
    producerId: BigInt(identity.id),
    producerEpoch: identity.epoch,
  })
})
