import { topics } from '@rapport/contracts'
import {
  readEvent,
  readParsedEvent,
  readParsedTextLabel,
  readTextLabel,
  type RecordReading,
  type TimedEvent,
  type TimedTextLabel,
} from '@rapport/features'
import type { LogRecord } from '@rapport/messaging'
import { toEffects, type Effects } from './to-effects.ts'
import { toTextEffects } from './to-text-effects.ts'

/** What a record of a topic of state says. */
export type StateRecord = TimedEvent | TimedTextLabel

/** Reads a record by its topic. What it refuses is refused by every replay too. */
export const readStateRecord = ({ topic, key, value }: LogRecord): RecordReading<StateRecord> =>
  topic === topics.events.name ? readEvent(key, value) : readTextLabel({ topic, key }, value)

/** As `readStateRecord`, for a value that was parsed already. */
export const readParsedRecord = (head: Pick<LogRecord, 'topic' | 'key'>, value: unknown): RecordReading<StateRecord> =>
  head.topic === topics.events.name ? readParsedEvent(head.key, value) : readParsedTextLabel(head, value)

/** The tenant and the messageId. */
export const sourceOf = (record: StateRecord): { readonly tenant: string; readonly messageId: string } =>
  'event' in record ? record.event : record.label

export const effectsOf = (record: StateRecord): Effects =>
  'event' in record ? toEffects(record) : toTextEffects(record)
