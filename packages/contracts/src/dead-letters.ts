import { Type, type Static } from 'typebox'

/**
 * A record of a dead-letter topic (JSON, UTF-8), keyed by `deadLetterKey`: what a consumer could not process, whole, and
 * why. A redelivery gives the same key.
 */
export const DeadLetterRecordSchema = Type.Object({
  /** Where the record stood. */
  topic: Type.String({ minLength: 1 }),
  partition: Type.Integer({ minimum: 0 }),
  offset: Type.Integer({ minimum: 0 }),
  /** Empty for a record of an inbox that had none. */
  key: Type.String(),
  /** The record's bytes in base64; null for a tombstone. */
  value: Type.Union([Type.String(), Type.Null()]),
  headers: Type.Record(Type.String(), Type.String()),
  /** `RPT_<AREA>_<WHAT>`. */
  code: Type.String(),
  message: Type.String(),
  /** The consumer group that could not process it. */
  group: Type.String(),
  failedAt: Type.String(),
})
export type DeadLetterRecord = Static<typeof DeadLetterRecordSchema>

export const deadLetterKey = (place: Pick<DeadLetterRecord, 'topic' | 'partition' | 'offset'>): string =>
  `${place.topic}/${place.partition}/${place.offset}`
