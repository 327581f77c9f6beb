import type { LogRecord } from '../../event-log.ts'
import { EARLIEST, LATEST, type FetchedPartition, type FetchPosition, type KafkaConnection } from './connection.ts'
import { KafkaError, toKafkaError } from './kafka-error.ts'

const LIMITS = { maxWaitMs: 0, maxBytes: 4 * 1024 * 1024, maxBytesPerPartition: 4 * 1024 * 1024 }

/**
 * Up to `limit` records at or after a place, from one answer of the broker; empty at the end alone.
 * @throws KafkaError `UNREADABLE_BATCH` when what stands there cannot be decoded.
 */
export async function readRecords(
  connection: KafkaConnection,
  place: FetchPosition,
  limit: number,
): Promise<readonly LogRecord[]> {
  let { offset } = place
  for (;;) {
    const fetched = await fetchFrom(connection, { ...place, offset })
    if (fetched === undefined) return []
    if (fetched.records.length > 0) return fetched.records.slice(0, limit)
    const { unreadable } = fetched
    if (unreadable !== undefined) {
      const where = `${place.topic}/${place.partition}/${unreadable.offset}`
      throw new KafkaError('UNREADABLE_BATCH', `the records at ${where} cannot be decoded`, { cause: unreadable.error })
    }
    // Compaction may have left nothing but empty batches here.
    if (fetched.nextOffset <= offset || fetched.nextOffset >= fetched.endOffset) return []
    offset = fetched.nextOffset
  }
}

/** Append time of the newest record before the place that is still kept; undefined when there is none. */
export async function appendedBefore(connection: KafkaConnection, place: FetchPosition): Promise<number | undefined> {
  // Compaction leaves gaps: it looks further back each time.
  for (let step = 1; ; step *= 4) {
    const offset = Math.max(0, place.offset - step)
    const fetched = await fetchFrom(connection, { ...place, offset })
    const newest = fetched?.records.findLast((record) => record.offset < place.offset)
    if (newest !== undefined) return newest.appendedAtMs
    if (fetched === undefined || offset <= fetched.startOffset) return undefined
  }
}

/** Where to begin so that everything since a time comes, and little that is older: found by reading back from a place. */
export async function offsetSince(connection: KafkaConnection, place: FetchPosition, timeMs: number): Promise<number> {
  for (let step = 1; ; step *= 4) {
    const offset = Math.max(0, place.offset - step)
    const fetched = await fetchFrom(connection, { ...place, offset })
    if (fetched === undefined) return place.offset
    const [oldest] = fetched.records
    if (oldest !== undefined && oldest.appendedAtMs < timeMs) return offset
    if (offset <= fetched.startOffset) return fetched.startOffset
  }
}

/** Undefined when the place lies beyond the end; from the oldest record kept when it lies before that. */
async function fetchFrom(connection: KafkaConnection, place: FetchPosition): Promise<FetchedPartition | undefined> {
  const { topic, partition, offset } = place
  const leader = (await connection.leaders(topic))[partition] ?? -1
  try {
    const [fetched] = await connection.fetch(leader, [place], LIMITS)
    return fetched
  } catch (error) {
    if (toKafkaError(error).type !== 'OFFSET_OUT_OF_RANGE') throw error
    const [start, end] = await Promise.all(
      [EARLIEST, LATEST].map(
        async (time) => (await connection.offsetsAt(topic, [partition], time)).get(partition) ?? 0,
      ),
    )
    if (start === undefined || end === undefined || offset >= end || start >= end) return undefined
    return fetchFrom(connection, { ...place, offset: start })
  }
}
