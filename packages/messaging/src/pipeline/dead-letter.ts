import { DeadLetterRecordSchema, deadLetterKey, type DeadLetterRecord } from '@rapport/contracts'
import { Compile } from 'typebox/compile'
import type { LogRecord, OutgoingRecord } from '../event-log.ts'

export interface DeadLetterReason {
  readonly code: string
  readonly message: string
  readonly group: string
  readonly failedAtMs: number
}

const schema = Compile(DeadLetterRecordSchema)

/** The record to publish for one that could not be processed. */
export function toDeadLetter(topic: string, record: LogRecord, reason: DeadLetterReason): OutgoingRecord {
  const body: DeadLetterRecord = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: record.key,
    value: record.value === null ? null : Buffer.from(record.value).toString('base64'),
    headers: { ...record.headers },
    code: reason.code,
    message: reason.message,
    group: reason.group,
    failedAt: new Date(reason.failedAtMs).toISOString(),
  }
  return { topic, key: deadLetterKey(record), value: Buffer.from(JSON.stringify(body), 'utf8') }
}

/** The dead letter in a record of a dead-letter topic; undefined when the record is none. */
export function readDeadLetter({ value }: Pick<LogRecord, 'value'>): DeadLetterRecord | undefined {
  if (value === null) return undefined
  try {
    const body: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    return schema.Check(body) ? body : undefined
  } catch {
    // Not JSON, hence nobody's dead letter.
    return undefined
  }
}

/** The bytes that the dead letter keeps. */
export const bytesOf = ({ value }: DeadLetterRecord): Uint8Array | null =>
  value === null ? null : Buffer.from(value, 'base64')
