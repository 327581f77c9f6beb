import { Type, type Static } from 'typebox'

/** How large a record was of which a dead letter holds the beginning alone. The rest stands where the record stood. */
export const TruncatedRecordSchema = Type.Object(
  {
    keyBytes: Type.Integer({ minimum: 0 }),
    valueBytes: Type.Integer({ minimum: 0 }),
    headersBytes: Type.Integer({ minimum: 0 }),
    /** SHA-256 of the value, in hexadecimal. */
    valueSha256: Type.String(),
  },
  { additionalProperties: false },
)
export type TruncatedRecord = Static<typeof TruncatedRecordSchema>

/**
 * A record of a dead-letter topic (JSON, UTF-8), keyed by `deadLetterKey`: what a consumer could not process, and why. It
 * is whole unless `truncated` says otherwise. A redelivery gives the same key.
 */
export const DeadLetterRecordSchema = Type.Object({
  /** Where the record stood. */
  topic: Type.String({ minLength: 1 }),
  partition: Type.Integer({ minimum: 0 }),
  offset: Type.Integer({ minimum: 0 }),
  /** Empty for a record of an inbox that had none. */
  key: Type.String(),
  /** The key's bytes, where they are no UTF-8: `key` is not what stood there then. */
  keyBase64: Type.Optional(Type.String()),
  /** The record's bytes in base64; null for a tombstone. */
  value: Type.Union([Type.String(), Type.Null()]),
  headers: Type.Record(Type.String(), Type.String()),
  /** Of headers whose bytes are no UTF-8. */
  headersBase64: Type.Optional(Type.Record(Type.String(), Type.String())),
  truncated: Type.Optional(TruncatedRecordSchema),
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
