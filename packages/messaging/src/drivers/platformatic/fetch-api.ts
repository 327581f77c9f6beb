import {
  createAPI,
  fetchV12,
  Reader,
  readKnownTaggedFields,
  readRecordsBatch,
  ResponseError,
  type RecordsBatch,
  type ResponseErrorWithLocation,
} from '@platformatic/kafka'
import type { UnreadableBatch } from '../kafka/connection.ts'

const FETCH = 1
const VERSION = 12
/** Of a batch: where its length stands, which counts what follows itself, and what it counts at least. */
const LENGTH_AT = 8
const HEAD_BYTES = 12
const LEAST_LENGTH = 49
const LAST_OFFSET_DELTA_AT = 23

export interface FetchedData extends fetchV12.FetchResponsePartition {
  /** What stands behind the batches in `records`. */
  readonly unreadable?: UnreadableBatch | undefined
}

type FetchAnswer = Omit<fetchV12.FetchResponse, 'responses'> & {
  readonly responses: readonly { readonly topicId: string; readonly partitions: readonly FetchedData[] }[]
}

/**
 * The client's request, with an answer that is read batch by batch: its own reading fails as a whole at one batch that
 * cannot be decoded, with all partitions of the answer.
 */
export const fetchApi = createAPI<fetchV12.FetchRequest, FetchAnswer>(
  FETCH,
  VERSION,
  fetchV12.createRequest,
  (_correlationId, apiKey, apiVersion, reader) => {
    const throttleTimeMs = reader.readInt32()
    const errorCode = reader.readInt16()
    const sessionId = reader.readInt32()
    const responses = reader.readArray((topic) => ({
      topicId: topic.readString(),
      partitions: topic.readArray(readPartition, true, false),
    }))
    readKnownTaggedFields(reader, {})
    const answer = { throttleTimeMs, errorCode, sessionId, responses }
    const errors = errorsOf(answer)
    if (errors.length > 0) throw new ResponseError(apiKey, apiVersion, Object.fromEntries(errors), answer)
    return answer
  },
)

function errorsOf({ errorCode, responses }: FetchAnswer): ResponseErrorWithLocation[] {
  const ofPartitions = responses.flatMap(({ partitions }, topic) =>
    partitions.map((data, index) => [`/responses/${topic}/partitions/${index}`, data.errorCode] as const),
  )
  return [['/', errorCode] as const, ...ofPartitions].flatMap(([path, code]) =>
    code === 0 ? [] : [[path, [code, null]]],
  )
}

function readPartition(reader: Reader): FetchedData {
  const head = {
    partitionIndex: reader.readInt32(),
    errorCode: reader.readInt16(),
    highWatermark: reader.readInt64(),
    lastStableOffset: reader.readInt64(),
    logStartOffset: reader.readInt64(),
    abortedTransactions: reader.readNullableArray((aborted) => ({
      producerId: aborted.readInt64(),
      firstOffset: aborted.readInt64(),
    })),
    preferredReadReplica: reader.readInt32(),
  }
  // One more than the bytes; 0 is null.
  const bytes = Math.max(0, reader.readUnsignedVarInt() - 1)
  const batches = readBatches(Reader.from(reader.buffer.subarray(reader.position, reader.position + bytes)))
  reader.skip(bytes)
  readKnownTaggedFields(reader, {})
  return { ...head, ...batches }
}

/** As far as they are whole: the broker cuts the last one where the limit of the request is. */
function readBatches(reader: Reader): { records: RecordsBatch[]; unreadable?: UnreadableBatch } {
  const records: RecordsBatch[] = []
  let at = 0
  while (reader.length - at >= HEAD_BYTES + LEAST_LENGTH) {
    const length = reader.peekInt32(at + LENGTH_AT)
    const isDamaged = length < LEAST_LENGTH
    if (!isDamaged && reader.length - at < HEAD_BYTES + length) break
    try {
      if (isDamaged) throw new RangeError(`a batch of records has an impossible length of ${length}`)
      records.push(readRecordsBatch(Reader.from(reader.buffer.subarray(at, at + HEAD_BYTES + length))))
    } catch (error) {
      const offset = Number(reader.peekInt64(at))
      const lastOffsetDelta = isDamaged ? 0 : reader.peekInt32(at + LAST_OFFSET_DELTA_AT)
      return { records, unreadable: { offset, nextOffset: offset + lastOffsetDelta + 1, error } }
    }
    at += HEAD_BYTES + length
  }
  return { records }
}
