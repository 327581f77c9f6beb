import { Type, type Static, type TObject, type TSchema } from 'typebox'
import {
  atLeastOne,
  ClientTimeSchema,
  commonProperties,
  fieldsByType,
  hasVisitor,
  JsonObjectSchema,
  name,
} from './client-fields.ts'
import { TruncatedRecordSchema } from './dead-letters.ts'
import { EventSchema, eventTypes, type EventType } from './events.ts'
import { ingestionLimits } from './ingestion-limits.ts'
import { ItemBodySchema } from './items.ts'
import { topics } from './topics.ts'

const callExamples: Readonly<Record<EventType, object>> = {
  track: { userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea-pot' } },
  identify: { userId: 'ada', anonymousId: 'b7f3', traits: { plan: 'gold' } },
  page: { anonymousId: 'b7f3', name: 'Home', properties: { path: '/' } },
  screen: { anonymousId: 'b7f3', name: 'Basket' },
  group: { userId: 'ada', groupId: 'tea-club', traits: { since: 2024 } },
  alias: { userId: 'ada', previousId: 'b7f3' },
}

const callSchema = (type: EventType): TObject =>
  Type.Object(
    {
      ...commonProperties,
      ...fieldsByType[type],
      type: Type.Optional(Type.Union([Type.Literal(type), Type.Null()])),
      writeKey: Type.Optional(Type.String()),
    },
    { ...(type === 'alias' ? {} : hasVisitor), examples: [callExamples[type]] },
  )

/** Bodies of `/v1/track` and its siblings. Fields that are not named here are accepted and not kept. */
export const callSchemas: Readonly<Record<EventType, TObject>> = {
  track: callSchema('track'),
  identify: callSchema('identify'),
  page: callSchema('page'),
  screen: callSchema('screen'),
  group: callSchema('group'),
  alias: callSchema('alias'),
}

const batchEventSchema = (type: EventType): TObject =>
  Type.Object(
    { ...commonProperties, ...fieldsByType[type], type: Type.Literal(type) },
    type === 'alias' ? {} : hasVisitor,
  )

/** An event of a batch: a call's body with its `type`. */
export const batchEventSchemas: readonly TObject[] = eventTypes.map(batchEventSchema)

/** Body of `/v1/batch` and `/v1/import`. `context` and `sentAt` hold for every event that has none of its own. */
export const BatchBodySchema = Type.Object({
  batch: Type.Array(Type.Unknown(), { minItems: 1, maxItems: ingestionLimits.batchEvents }),
  context: Type.Optional(JsonObjectSchema),
  sentAt: Type.Optional(ClientTimeSchema),
  writeKey: Type.Optional(Type.String()),
})

/** Body of `/v1/batch` as the API document shows it: with the events' own schemas, each checked on its own. */
export const DocumentedBatchBodySchema = Type.Object(
  {
    ...BatchBodySchema.properties,
    batch: atLeastOne(Type.Union([...batchEventSchemas]), ingestionLimits.batchEvents),
  },
  {
    examples: [
      { batch: [{ type: 'track', messageId: 'order-17', ...callExamples.track, timestamp: '2026-03-01T12:00:00Z' }] },
    ],
  },
)

/** Answer of a single call: the event is durable. `messageId` is the client's, or the one that was made for it. */
export const CallAnswerSchema = Type.Object(
  { success: Type.Literal(true), messageId: Type.String() },
  { additionalProperties: false },
)
export type CallAnswer = Static<typeof CallAnswerSchema>

/** One event of a batch that was not kept, and why. */
export const RejectedEventSchema = Type.Object(
  {
    index: Type.Integer({ minimum: 0 }),
    field: Type.String(),
    reason: Type.String(),
    messageId: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
export type RejectedEvent = Static<typeof RejectedEventSchema>

/** Answer of a batch: every event that is not in `rejected` is durable. */
export const BatchAnswerSchema = Type.Object(
  {
    success: Type.Literal(true),
    accepted: Type.Integer({ minimum: 1 }),
    rejected: Type.Array(RejectedEventSchema),
  },
  { additionalProperties: false },
)
export type BatchAnswer = Static<typeof BatchAnswerSchema>

/** An accepted event with its place in the log, as `GET /v1/events` shows it. */
export const TailedEventSchema = Type.Object(
  {
    partition: Type.Integer({ minimum: 0 }),
    offset: Type.Integer({ minimum: 0 }),
    event: EventSchema,
  },
  { additionalProperties: false },
)
export type TailedEvent = Static<typeof TailedEventSchema>

/** A cursor of the event tail: the offset to read next in each partition. */
export const TailCursorSchema = Type.String({
  pattern: `^[0-9]{1,15}(?:\\.[0-9]{1,15}){${topics.events.partitions - 1}}$`,
})

export const EventTailAnswerSchema = Type.Object(
  {
    /** Oldest first. */
    events: Type.Array(TailedEventSchema),
    /** Give it back as `cursor` to read what came after. */
    cursor: TailCursorSchema,
  },
  { additionalProperties: false },
)
export type EventTailAnswer = Static<typeof EventTailAnswerSchema>

/** An item with its version. `version` is also the ETag. */
export const ItemAnswerSchema = Type.Object(
  {
    id: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    updatedAt: Type.String({ format: 'date-time' }),
    ...ItemBodySchema.properties,
  },
  { additionalProperties: false },
)
export type ItemAnswer = Static<typeof ItemAnswerSchema>

const orNull = (schema: TSchema): TSchema => Type.Optional(Type.Union([schema, Type.Null()]))

/** A JSON merge patch of an item: fields as in the body, or null to remove them. */
export const ItemPatchSchema = Type.Object(
  {
    ...Object.fromEntries(Object.entries(ItemBodySchema.properties).map(([field, schema]) => [field, orNull(schema)])),
    attributes: orNull(
      Type.Record(
        Type.String({ maxLength: 128 }),
        Type.Union([Type.String({ maxLength: 1024 }), Type.Number(), Type.Boolean(), Type.Null()]),
      ),
    ),
  },
  { additionalProperties: false },
)

/** A row of `POST /v1/items`: an item's body with its id. */
export const ItemRowSchema = Type.Object({ id: name(1), ...ItemBodySchema.properties }, { additionalProperties: false })
export type ItemRow = Static<typeof ItemRowSchema>

/** A catalogue import as a JSON array. */
export const ItemRowsSchema = atLeastOne(ItemRowSchema)

export const RejectedItemSchema = Type.Object(
  {
    /** Line of the body, from 1: of an NDJSON row, or where the array's element starts. */
    line: Type.Integer({ minimum: 1 }),
    id: Type.Optional(Type.String()),
    field: Type.String(),
    reason: Type.String(),
  },
  { additionalProperties: false },
)
export type RejectedItem = Static<typeof RejectedItemSchema>

export const ItemImportAnswerSchema = Type.Object(
  {
    success: Type.Literal(true),
    accepted: Type.Integer({ minimum: 1 }),
    rejectedCount: Type.Integer({ minimum: 0 }),
    /** The first refused rows (`ingestionLimits.listedRejections`). */
    rejected: Type.Array(RejectedItemSchema),
  },
  { additionalProperties: false },
)
export type ItemImportAnswer = Static<typeof ItemImportAnswerSchema>

/** The topic that a dead letter came from, by its short name. */
export const DeadLetterTopicSchema = Type.Enum(['events'])
export type DeadLetterTopic = Static<typeof DeadLetterTopicSchema>

/** A record that a consumer could not process, as `GET /v1/dead-letters` shows it. */
export const DeadLetterSchema = Type.Object(
  {
    /** Place in the dead-letter topic. */
    offset: Type.Integer({ minimum: 0 }),
    at: Type.String({ format: 'date-time' }),
    code: Type.String(),
    message: Type.String(),
    key: Type.String(),
    /** The key's bytes, where they are no UTF-8. */
    keyBase64: Type.Optional(Type.String()),
    /** The consumer group that could not process it. */
    group: Type.String(),
    source: Type.Object(
      { topic: Type.String(), partition: Type.Integer({ minimum: 0 }), offset: Type.Integer({ minimum: 0 }) },
      { additionalProperties: false },
    ),
    /** The record's value when it is JSON. */
    value: Type.Optional(Type.Unknown()),
    /** The record's value when it is not. */
    valueBase64: Type.Optional(Type.String()),
    /** Present where the record was too large for its letter, which holds the beginning of it. */
    truncated: Type.Optional(TruncatedRecordSchema),
  },
  { additionalProperties: false },
)
export type DeadLetter = Static<typeof DeadLetterSchema>

export const DeadLetterPageSchema = Type.Object(
  {
    deadLetters: Type.Array(DeadLetterSchema),
    /** Give it back as `after`; absent on the last page. */
    next: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)

/** Which dead letters to replay; an empty object means all of the tenant. */
export const ReplayRequestSchema = Type.Object(
  {
    topic: Type.Optional(DeadLetterTopicSchema),
    code: Type.Optional(Type.String({ maxLength: 128 })),
    offsets: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), { maxItems: 10_000 }),
    ),
  },
  { additionalProperties: false },
)

/** A dead letter that cannot be sent through its topic again, however often it is asked for. */
export const RefusedReplaySchema = Type.Object(
  {
    topic: DeadLetterTopicSchema,
    /** Place in the dead-letter topic. */
    offset: Type.Integer({ minimum: 0 }),
    source: DeadLetterSchema.properties.source,
    /** `RPT_REPLAY_<WHAT>`. */
    code: Type.String(),
    reason: Type.String(),
  },
  { additionalProperties: false },
)
export type RefusedReplay = Static<typeof RefusedReplaySchema>

export const ReplayAnswerSchema = Type.Object(
  {
    replayed: Type.Integer({ minimum: 0 }),
    /** Letters that stay; the others were not touched by it. */
    refusedCount: Type.Integer({ minimum: 0 }),
    /** The first of them (`ingestionLimits.listedRejections`). */
    refused: Type.Array(RefusedReplaySchema),
  },
  { additionalProperties: false },
)
export type ReplayAnswer = Static<typeof ReplayAnswerSchema>
