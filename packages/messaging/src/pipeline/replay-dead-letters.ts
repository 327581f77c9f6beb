import { deadLetterTopicOf, type DeadLetterRecord } from '@rapport/contracts'
import type { EventLog, LogRecord, OutgoingRecord } from '../event-log.ts'
import { bytesOf, readDeadLetter } from './dead-letter.ts'

/** Header of a replayed record: the dead letter's key, which is where the record stood at first. */
export const REPLAYED_FROM_HEADER = 'rapport-replayed-from'

const PAGE_RECORDS = 500

export interface Replay {
  readonly replayed: number
  /** Records of the dead-letter topic that the filter left out, or that are no dead letters. */
  readonly skipped: number
}

/**
 * Publishes the records of a topic's dead letters to that topic again: the same key and bytes, with a header that names
 * where they stood. Letters that arrive meanwhile (those of a record that fails once more, for one) are left alone.
 * @param topic the topic that the records came from.
 */
export async function replayDeadLetters(
  eventLog: EventLog,
  topic: string,
  filter: (letter: DeadLetterRecord) => boolean = () => true,
): Promise<Replay> {
  let replayed = 0
  let skipped = 0
  for (const extent of await eventLog.extents(deadLetterTopicOf(topic))) {
    for (let offset = extent.firstOffset; offset < extent.nextOffset;) {
      const limit = Math.min(PAGE_RECORDS, extent.nextOffset - offset)
      const page = await eventLog.read({ topic: extent.topic, partition: extent.partition, offset }, limit)
      const last = page.at(-1)
      if (last === undefined) break
      const records = page.flatMap((record) => toReplay(record, topic, filter))
      await eventLog.publish(records)
      replayed += records.length
      skipped += page.length - records.length
      offset = last.offset + 1
    }
  }
  return { replayed, skipped }
}

function toReplay(record: LogRecord, topic: string, filter: (letter: DeadLetterRecord) => boolean): OutgoingRecord[] {
  const letter = readDeadLetter(record)
  if (letter === undefined || letter.topic !== topic || !filter(letter)) return []
  const headers = { ...letter.headers, [REPLAYED_FROM_HEADER]: record.key }
  return [{ topic, key: letter.key, value: bytesOf(letter), headers }]
}
