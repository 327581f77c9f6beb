import { createAPI, ProduceAcks, produceV9, Writer } from '@platformatic/kafka'
import type { ProduceBatch } from '../kafka/connection.ts'
import { encodeRecordBatch, type RecordBatchOptions } from './record-batch.ts'

const PRODUCE = 0
const VERSION = 9

/** The client's request and its reading of the answer, with batches that we have encoded. */
export const produceApi = createAPI<
  [batches: readonly ProduceBatch[], timeoutMs: number, options: RecordBatchOptions],
  produceV9.ProduceResponse
>(
  PRODUCE,
  VERSION,
  async (batches: readonly ProduceBatch[], timeoutMs: number, options: RecordBatchOptions) => {
    const encoded = await Promise.all(
      batches.map(async (batch) => ({ ...batch, bytes: await encodeRecordBatch(batch, options) })),
    )
    const topics = Map.groupBy(encoded, ({ topic }) => topic)
    return Writer.create()
      .appendString(null)
      .appendInt16(ProduceAcks.ALL)
      .appendInt32(timeoutMs)
      .appendArray([...topics], (writer, [topic, own]) => {
        writer.appendString(topic).appendArray(own, (inner, { partition, bytes }) => {
          inner
            .appendInt32(partition)
            .appendUnsignedVarInt(bytes.length + 1)
            .append(bytes)
        })
      })
      .appendTaggedFields()
  },
  produceV9.parseResponse,
)
