import { DeadLetterRecordSchema, deadLetterKey, type DeadLetterRecord, type TruncatedRecord } from '@rapport/contracts'
import { Compile } from 'typebox/compile'
import type { LogRecord, OutgoingRecord } from '../event-log.ts'
import { maxValueBytes } from '../record-limits.ts'
import { cutKeyAndHeaders, cutValue, headersBytes, isClearlyTooLarge, mapValues, sizesOf } from './cut-record.ts'

/** Characters of a reason: an error's message may hold anything. */
const MAX_MESSAGE_LENGTH = 4096

export interface DeadLetterReason {
  readonly code: string
  readonly message: string
  readonly group: string
  readonly failedAtMs: number
}

const schema = Compile(DeadLetterRecordSchema)

/**
 * The record to publish for one that could not be processed. It fits the topic whatever the record was: where the letter
 * would be too large, the key and the headers are cut, and if that does not do, the value.
 */
export function toDeadLetter(topic: string, record: LogRecord, reason: DeadLetterReason): OutgoingRecord {
  const limit = maxValueBytes(topic)
  const key = deadLetterKey(record)
  const whole = isClearlyTooLarge(record, limit) ? undefined : encode(record, reason)
  if (whole !== undefined && whole.length <= limit) return { topic, key, value: whole }
  const truncated = sizesOf(record)
  const small = cutKeyAndHeaders(record)
  const rest = isClearlyTooLarge(small, limit) ? undefined : encode(small, reason, truncated)
  if (rest !== undefined && rest.length <= limit) return { topic, key, value: rest }
  return { topic, key, value: encode(cutValue(small), reason, truncated) }
}

function encode(record: LogRecord, reason: DeadLetterReason, truncated?: TruncatedRecord): Buffer {
  const { keyBytes, headerBytes } = record
  const body: DeadLetterRecord = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: record.key,
    ...(keyBytes === undefined ? {} : { keyBase64: toBase64(keyBytes) }),
    value: record.value === null ? null : toBase64(record.value),
    headers: { ...record.headers },
    ...(headerBytes === undefined ? {} : { headersBase64: mapValues(headerBytes, toBase64) }),
    ...(truncated === undefined ? {} : { truncated }),
    code: reason.code,
    message: reason.message.slice(0, MAX_MESSAGE_LENGTH),
    group: reason.group,
    failedAt: new Date(reason.failedAtMs).toISOString(),
  }
  return Buffer.from(JSON.stringify(body), 'utf8')
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

/** Whether the letter lacks some of the value or of the headers; a key that was cut is a place's, not the event's. */
export function lacksContent({ value, headers, truncated }: DeadLetterRecord): boolean {
  if (truncated === undefined) return false
  const kept = value === null ? 0 : Buffer.byteLength(value, 'base64')
  return kept < truncated.valueBytes || headersBytes({ headers }) < truncated.headersBytes
}

const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
