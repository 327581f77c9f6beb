import { deadLetterTopicOf } from '@rapport/contracts'
import type { LogRecord, OutgoingRecord } from '@rapport/messaging'
import type { EventRefusal } from '../domain/read-event.ts'

export interface RefusedRecord {
  readonly record: LogRecord
  readonly refusal: EventRefusal
}

/** A refused record for the dead-letter topic of its own topic: its bytes as they were, why and whence in the headers. */
export const toDeadLetter = ({ record, refusal }: RefusedRecord): OutgoingRecord => ({
  topic: deadLetterTopicOf(record.topic),
  key: `${record.topic}/${record.partition}/${record.offset}`,
  value: record.value ?? new Uint8Array(),
  headers: {
    ...record.headers,
    'rapport-code': refusal.code,
    'rapport-message': refusal.reason,
    'rapport-key': record.key,
    'rapport-topic': record.topic,
    'rapport-partition': String(record.partition),
    'rapport-offset': String(record.offset),
  },
})
