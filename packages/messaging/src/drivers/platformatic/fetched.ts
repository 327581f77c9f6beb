import { IS_CONTROL, IS_TRANSACTIONAL, type RecordsBatch } from '@platformatic/kafka'
import type { LogRecord } from '../../event-log.ts'
import type { FetchedPartition, UnreadableBatch } from '../kafka/connection.ts'
import { readTexts } from '../kafka/record-texts.ts'

/** Of a batch's attributes: its time is that of the broker, which stands in its header alone. */
const HAS_APPEND_TIME = 1 << 3

interface FetchedData {
  readonly partitionIndex: number
  readonly lastStableOffset: bigint
  readonly logStartOffset: bigint
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null
  readonly records?: readonly RecordsBatch[] | null
  readonly unreadable?: UnreadableBatch | undefined
}

/** The records that a consumer may see at or after `offset`. */
export function toFetchedPartition(topic: string, data: FetchedData, offset: number): FetchedPartition {
  const { partitionIndex: partition } = data
  const records: LogRecord[] = []
  const aborted = new AbortedTransactions(data.abortedTransactions ?? [])
  let nextOffset = offset
  for (const batch of data.records ?? []) {
    const first = Number(batch.firstOffset)
    nextOffset = Math.max(nextOffset, first + batch.lastOffsetDelta + 1)
    const isAborted = aborted.includes(batch)
    if (isAborted || (batch.attributes & IS_CONTROL) !== 0) continue
    const appendedAtMs = (batch.attributes & HAS_APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp)
    const createdAtMs = Number(batch.firstTimestamp)
    for (const record of batch.records) {
      const at = first + record.offsetDelta
      // A batch is sent whole: it may begin before the offset that was asked for.
      if (at < offset) continue
      records.push({
        topic,
        partition,
        offset: at,
        ...readTexts(
          record.key,
          record.headers.map(([name, value]) => [name?.toString('utf8') ?? '', value]),
        ),
        value: record.value,
        appendedAtMs: appendedAtMs ?? createdAtMs + Number(record.timestampDelta),
      })
    }
  }
  const [endOffset, startOffset] = [Number(data.lastStableOffset), Number(data.logStartOffset)]
  return { topic, partition, records, nextOffset, endOffset, startOffset, unreadable: data.unreadable }
}

/**
 * Batches of transactions that did not commit. Ours never are, but others may produce to a topic that is read here.
 * The broker lists them by the offset of their first record; each ends at its producer's next control batch.
 */
class AbortedTransactions {
  readonly #waiting: { readonly producerId: bigint; readonly firstOffset: bigint }[]
  readonly #current = new Set<bigint>()

  constructor(listed: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[]) {
    this.#waiting = [...listed].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  }

  includes({ firstOffset, attributes, producerId }: RecordsBatch): boolean {
    for (let next = this.#waiting[0]; next !== undefined && next.firstOffset <= firstOffset; next = this.#waiting[0]) {
      this.#current.add(next.producerId)
      this.#waiting.shift()
    }
    if ((attributes & IS_CONTROL) !== 0) this.#current.delete(producerId)
    return (attributes & IS_TRANSACTIONAL) !== 0 && this.#current.has(producerId)
  }
}
