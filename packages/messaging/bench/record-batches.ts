/*
 * What it costs to encode batches of records, without compression: by the driver on @platformatic/kafka, and by the client.
 *   node packages/messaging/bench/record-batches.ts
 */
import { createRecordsBatch } from '@platformatic/kafka'
import { encodeRecordBatch } from '../src/drivers/platformatic/record-batch.ts'

const ROUNDS = 5
const SECONDS = 2
const topic = 'events'
const partition = 0
const value = new TextEncoder().encode('x'.repeat(900))

/** Microseconds of a record. */
async function measure(records: number, encode: () => unknown): Promise<number> {
  const startedAtMs = performance.now()
  let batches = 0
  for (; performance.now() - startedAtMs < SECONDS * 1000; batches += 1) await encode()
  return ((performance.now() - startedAtMs) * 1000) / (batches * records)
}

for (const size of [60, 500]) {
  const records = Array.from({ length: size }, (_, index) => ({
    key: new TextEncoder().encode(`shop/user-${index}`),
    value,
    headers: undefined,
  }))
  const batch = { topic, partition, firstSequence: 0, records }
  const options = { identity: { id: '1', epoch: 0 }, compression: 'none', timestamp: 1_764_460_800_000 } as const
  const byDriver = (): Promise<Buffer> => encodeRecordBatch(batch, options)
  const byClient = (): Buffer =>
    createRecordsBatch(
      records.map((record) => ({
        topic,
        partition,
        timestamp: BigInt(options.timestamp),
        key: Buffer.from(record.key.buffer),
        value: Buffer.from(record.value.buffer),
      })),
      { compression: 'none', producerId: 1n, producerEpoch: 0 },
    ).buffer
  if (!byClient().equals(await byDriver())) throw new Error('the two do not give the same bytes')
  for (let round = 0; round < ROUNDS; round += 1) {
    const [driver, client] = [await measure(size, byDriver), await measure(size, byClient)]
    if (round > 0) {
      process.stdout.write(`${size} records: driver ${driver.toFixed(2)}, client ${client.toFixed(2)} µs a record\n`)
    }
  }
}
