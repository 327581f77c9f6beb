import { deadLetterKey, deadLetterTopicOf, featureGroup, type DeadLetterRecord } from '@rapport/contracts'
import type { LogRecord, OutgoingRecord } from '@rapport/messaging'
import type { EventRefusal } from '../domain/read-event.ts'

export interface RefusedRecord {
  readonly record: LogRecord
  readonly refusal: EventRefusal
}

/** A refused record for the dead-letter topic of its own topic. */
export function toDeadLetter({ record, refusal }: RefusedRecord, nowMs: number): OutgoingRecord {
  const body: DeadLetterRecord = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: record.key,
    value: record.value === null ? null : Buffer.from(record.value).toString('base64'),
    headers: { ...record.headers },
    code: refusal.code,
    message: refusal.reason,
    group: featureGroup,
    failedAt: new Date(nowMs).toISOString(),
  }
  return {
    topic: deadLetterTopicOf(record.topic),
    key: deadLetterKey(record),
    value: Buffer.from(JSON.stringify(body)),
  }
}
