import type { LogRecord } from '../../event-log.ts'
import type { FetchedPartition } from '../kafka/connection.ts'
import { readTexts } from '../kafka/record-texts.ts'
import type { FetchedMessage, FetchResponse } from './cluster.ts'

type FetchedData = FetchResponse['responses'][number]['partitions'][number]

/** The records that a consumer may see at or after `offset`. */
export function toFetchedPartition(topic: string, data: FetchedData, offset: number): FetchedPartition {
  const { partition, messages } = data
  const records: LogRecord[] = []
  const aborted = new AbortedTransactions(data.abortedTransactions ?? [])
  for (const message of messages) {
    const at = Number(message.offset)
    const isAborted = aborted.includes(message, at)
    // A batch is sent whole: it may begin before the offset that was asked for.
    if (at < offset || isAborted || message.isControlRecord) continue
    records.push(toLogRecord({ topic, partition, offset: at }, message))
  }
  return {
    topic,
    partition,
    records,
    nextOffset: Math.max(offset, messages.nextOffset ?? 0),
    endOffset: Number(data.lastStableOffset),
    startOffset: Number(data.lastStartOffset),
    unreadable: messages.unreadable,
  }
}

function toLogRecord(
  place: { topic: string; partition: number; offset: number },
  { key, value, headers, timestamp }: FetchedMessage,
): LogRecord {
  return {
    ...place,
    ...readTexts(key, Object.entries(headers).map(toHeader)),
    value,
    appendedAtMs: Number(timestamp),
  }
}

function toHeader([name, values]: [string, FetchedMessage['headers'][string]]): [string, Buffer | null] {
  const value = Array.isArray(values) ? (values as readonly (Buffer | string)[]).at(-1) : (values as Buffer | string)
  return [name, typeof value === 'string' ? Buffer.from(value) : (value ?? null)]
}

/**
 * Records of transactions that did not commit. Ours never are, but others may produce to a topic that is read here.
 * The broker lists them by the offset of their first record; each ends at its producer's next control record.
 */
class AbortedTransactions {
  readonly #waiting: { readonly producerId: string; readonly firstOffset: number }[]
  readonly #current = new Set<string>()

  constructor(listed: readonly { readonly producerId: string; readonly firstOffset: string }[]) {
    this.#waiting = listed
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
      .sort((a, b) => a.firstOffset - b.firstOffset)
  }

  includes({ batchContext: { producerId, inTransaction }, isControlRecord }: FetchedMessage, offset: number): boolean {
    while ((this.#waiting[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= offset) {
      const next = this.#waiting.shift()
      if (next !== undefined) this.#current.add(next.producerId)
    }
    if (isControlRecord) this.#current.delete(producerId)
    return inTransaction && this.#current.has(producerId)
  }
}
