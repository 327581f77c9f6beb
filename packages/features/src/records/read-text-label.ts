import {
  eventKey,
  labelledMessageId,
  SentimentRecordSchema,
  TextLabelRecordSchema,
  topics,
  type SentimentRecord,
  type TextLabelRecord,
} from '@rapport/contracts'
import { Compile } from 'typebox/compile'
import { isRecordTime, parseRecord, problemOf, refuse, type RecordReading } from './reading.ts'
import { tenantOfKey } from './tenant-of-key.ts'

/** What was found in the text of an event, with its times as numbers. */
export type TimedTextLabel = { readonly atMs: number; readonly receivedAtMs: number } & (
  | { readonly kind: 'sentiment'; readonly label: SentimentRecord }
  | { readonly kind: 'text-label'; readonly label: TextLabelRecord }
)

const sentimentSchema = Compile(SentimentRecordSchema)
const textLabelSchema = Compile(TextLabelRecordSchema)

/** A record's topic and key. */
interface RecordHead {
  readonly topic: string
  readonly key: string
}

/** Reads a record of `rapport.sentiments.v1` or `rapport.text-labels.v1`. It looks at nothing but the record. */
export function readTextLabel(head: RecordHead, value: Uint8Array | null): RecordReading<TimedTextLabel> {
  return readParsedTextLabel(head, value === null ? null : parseRecord(value))
}

/** As `readTextLabel`, for a value that was parsed already. */
export function readParsedTextLabel({ topic, key }: RecordHead, value: unknown): RecordReading<TimedTextLabel> {
  if (value === null) return refuse('RPT_TEXT_LABEL_EMPTY', 'the record has no value')
  if (value === undefined) return refuse('RPT_TEXT_LABEL_NOT_JSON', 'the value is not JSON in UTF-8')
  if (topic === topics.sentiments.name) {
    if (!sentimentSchema.Check(value)) return refuse('RPT_TEXT_LABEL_INVALID', problemOf(sentimentSchema, value))
    return readTimes(key, value, (times) => ({ kind: 'sentiment', label: value, ...times }))
  }
  if (!textLabelSchema.Check(value)) return refuse('RPT_TEXT_LABEL_INVALID', problemOf(textLabelSchema, value))
  return readTimes(key, value, (times) => ({ kind: 'text-label', label: value, ...times }))
}

type Times = Pick<TimedTextLabel, 'atMs' | 'receivedAtMs'>

function readTimes(
  key: string,
  label: TextLabelRecord | SentimentRecord,
  timed: (times: Times) => TimedTextLabel,
): RecordReading<TimedTextLabel> {
  const invalid = (reason: string): RecordReading<never> => refuse('RPT_TEXT_LABEL_INVALID', reason)
  if (label.userId === undefined && label.anonymousId === undefined) return invalid('/userId: is missing')
  if (eventKey(label) !== key) return invalid(`the record's key is not ${JSON.stringify(eventKey(label))}`)
  if (tenantOfKey(key) !== label.tenant) return invalid('/tenant: is no tenant name')
  const messageId = labelledMessageId(label.sourceMessageId, label.rule)
  if (label.messageId !== messageId) return invalid(`/messageId: is not ${JSON.stringify(messageId)}`)
  const times = { atMs: Date.parse(label.timestamp), receivedAtMs: Date.parse(label.receivedAt) }
  if (!isRecordTime(times.atMs)) return invalid('/timestamp: is no time between 1970 and 9999')
  if (!isRecordTime(times.receivedAtMs)) return invalid('/receivedAt: is no time between 1970 and 9999')
  return { ok: true, value: timed(times) }
}
