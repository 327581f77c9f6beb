import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { toFetchedPartition } from './fetched.ts'

const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5
const APPEND_TIME = 1 << 3

const record = (offsetDelta: number, changes: Partial<KafkaRecord> = {}): KafkaRecord => ({
  length: 0,
  attributes: 0,
  timestampDelta: BigInt(offsetDelta),
  offsetDelta,
  key: Buffer.from(`k${offsetDelta}`),
  value: Buffer.from('v'),
  headers: [],
  ...changes,
})
const batch = (firstOffset: number, size: number, changes: Partial<RecordsBatch> = {}): RecordsBatch => ({
  firstOffset: BigInt(firstOffset),
  length: 0,
  partitionLeaderEpoch: 0,
  magic: 2,
  crc: 0,
  attributes: 0,
  lastOffsetDelta: size - 1,
  firstTimestamp: 1000n,
  maxTimestamp: 5000n,
  producerId: -1n,
  producerEpoch: -1,
  firstSequence: -1,
  records: Array.from({ length: size }, (_, delta) => record(delta)),
  ...changes,
})
const fetched = (
  records: RecordsBatch[] | null,
  offset: number,
  abortedTransactions: { producerId: bigint; firstOffset: bigint }[] = [],
) =>
  toFetchedPartition(
    't',
    { partitionIndex: 3, lastStableOffset: 90n, logStartOffset: 2n, abortedTransactions, records },
    offset,
  )
const offsetsOf = (part: ReturnType<typeof fetched>): number[] => part.records.map(({ offset }) => offset)

test('leaves out what a batch holds before the offset that was asked for', () => {
  const part = fetched([batch(10, 3), batch(13, 2)], 12)
  expect(part).toMatchObject({ topic: 't', partition: 3, nextOffset: 15, endOffset: 90, startOffset: 2 })
  expect(offsetsOf(part)).toEqual([12, 13, 14])
})

test('goes past batches without records, and stays where nothing came', () => {
  expect(fetched([batch(10, 5, { records: [] })], 11).nextOffset).toBe(15)
  expect(fetched(null, 11)).toMatchObject({ nextOffset: 11, records: [] })
})

test('the time is the broker’s where the topic takes that, else the producer’s', () => {
  const times = (part: ReturnType<typeof fetched>) => part.records.map(({ appendedAtMs }) => appendedAtMs)
  expect(times(fetched([batch(0, 2, { attributes: APPEND_TIME })], 0))).toEqual([5000, 5000])
  expect(times(fetched([batch(0, 2)], 0))).toEqual([1000, 1001])
})

test('tombstones, records without a key, and headers of which the last counts', () => {
  const headers: KafkaRecord['headers'] = [
    [Buffer.from('a'), Buffer.from('1')],
    [Buffer.from('a'), Buffer.from('2')],
    [Buffer.from('b'), null],
  ]
  const part = fetched([batch(0, 1, { records: [record(0, { key: null, value: null, headers })] })], 0)
  expect(part.records).toEqual([
    { topic: 't', partition: 3, offset: 0, key: '', value: null, headers: { a: '2', b: '' }, appendedAtMs: 1000 },
  ])
})

test('records of transactions that did not commit are not seen, those of others are', () => {
  const of = (producerId: bigint, attributes: number) => ({ producerId, attributes })
  const part = fetched(
    [
      batch(0, 1, of(7n, TRANSACTIONAL)),
      batch(1, 1, of(7n, TRANSACTIONAL)),
      batch(2, 1, of(8n, TRANSACTIONAL)),
      batch(3, 1, of(7n, TRANSACTIONAL | CONTROL)),
      batch(4, 1, of(7n, TRANSACTIONAL)),
      batch(5, 1, of(7n, 0)),
    ],
    0,
    [{ producerId: 7n, firstOffset: 1n }],
  )
  expect(offsetsOf(part)).toEqual([0, 2, 4, 5])
  expect(part.nextOffset).toBe(6)
})
