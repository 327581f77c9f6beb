import { Type, type TProperties, type TSchema } from 'typebox'
import type { EventType } from './events.ts'
import { ingestionLimits } from './ingestion-limits.ts'

export const name = (minLength: 0 | 1) => Type.String({ minLength, maxLength: ingestionLimits.nameLength })
const safeInteger = () => Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })

/** An id as clients send it: whole numbers become strings; null and the empty string mean that there is none. */
export const ClientIdSchema = Type.Union([name(0), safeInteger(), Type.Null()])
export const PresentIdSchema = Type.Union([name(1), safeInteger()])

/** A time as clients send it, in the years 1 to 9999 (numbers: fractions of a millisecond are cut off). */
export const ClientTimeSchema = Type.Union([
  Type.String({
    format: 'date-time',
    description: 'Every other form of ISO 8601 is read too; without an offset it is UTC.',
  }),
  Type.Number({
    exclusiveMinimum: -62_135_596_800_001,
    exclusiveMaximum: 253_402_300_800_000,
    description: 'Milliseconds since 1970; seconds when below 31,557,600,000.',
  }),
  Type.Literal('', { description: 'As null: no time.' }),
  Type.Null(),
])
export const JsonObjectSchema = Type.Union([
  Type.Record(Type.String(), Type.Unknown()),
  Type.Array(Type.Unknown(), { maxItems: 0, description: 'How PHP writes an empty object.' }),
  Type.Null(),
])
export const OptionalTextSchema = Type.Optional(Type.Union([name(0), Type.Null()]))

export const commonProperties = {
  messageId: Type.Optional(ClientIdSchema),
  userId: Type.Optional(ClientIdSchema),
  anonymousId: Type.Optional(ClientIdSchema),
  timestamp: Type.Optional(ClientTimeSchema),
  originalTimestamp: Type.Optional(ClientTimeSchema),
  sentAt: Type.Optional(ClientTimeSchema),
  context: Type.Optional(JsonObjectSchema),
}
const properties = { properties: Type.Optional(JsonObjectSchema) }
const traits = { traits: Type.Optional(JsonObjectSchema) }
export const hasVisitor = {
  anyOf: [
    { required: ['userId'], properties: { userId: PresentIdSchema } },
    { required: ['anonymousId'], properties: { anonymousId: PresentIdSchema } },
  ],
}

/** What a call of each type has besides the common fields. */
export const fieldsByType = {
  track: { event: name(1), ...properties },
  identify: traits,
  page: { name: OptionalTextSchema, category: OptionalTextSchema, ...properties },
  screen: { name: OptionalTextSchema, category: OptionalTextSchema, ...properties },
  group: { groupId: PresentIdSchema, ...traits },
  alias: { previousId: PresentIdSchema, userId: PresentIdSchema },
} satisfies Record<EventType, TProperties>

/** An array whose elements are judged one by one: those that do not fit are refused and named, and one must fit. */
export const atLeastOne = (schema: TSchema, maxItems?: number): TSchema =>
  Type.Array(Type.Union([schema, Type.Unknown()]), {
    minItems: 1,
    ...(maxItems === undefined ? {} : { maxItems }),
    contains: schema,
    description: 'Each element is judged on its own: refused ones are named in the answer, the others are kept.',
  })
