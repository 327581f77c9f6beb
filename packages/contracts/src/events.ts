import { Type, type Static } from 'typebox'

/** Types of the Segment spec. */
export const EventTypeSchema = Type.Union([
  Type.Literal('track'),
  Type.Literal('identify'),
  Type.Literal('page'),
  Type.Literal('screen'),
  Type.Literal('group'),
  Type.Literal('alias'),
])
export type EventType = Static<typeof EventTypeSchema>
export const eventTypes = [
  'track',
  'identify',
  'page',
  'screen',
  'group',
  'alias',
] as const satisfies readonly EventType[]

const JsonObjectSchema = Type.Record(Type.String(), Type.Unknown())

/**
 * An accepted event as it stands in `rapport.events.v1` (JSON, UTF-8). Times are ISO 8601 in UTC with milliseconds.
 * The record's key is `eventKey(event)`.
 */
export const EventSchema = Type.Object({
  messageId: Type.String({ minLength: 1, maxLength: 256 }),
  tenant: Type.String({ minLength: 1, maxLength: 64 }),
  /** The write key's id, or the CloudEvents source. */
  source: Type.String(),
  type: EventTypeSchema,
  /** Name of a `track` event, of a page or of a screen. */
  event: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  userId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  anonymousId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** `alias` alone: the id that becomes a member of `userId`. */
  previousId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** `group` alone. */
  groupId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  properties: Type.Optional(JsonObjectSchema),
  traits: Type.Optional(JsonObjectSchema),
  context: Type.Optional(JsonObjectSchema),
  timestamp: Type.String(),
  originalTimestamp: Type.String(),
  sentAt: Type.Optional(Type.String()),
  receivedAt: Type.String(),
  version: Type.Literal(1),
})
export type Event = Static<typeof EventSchema>

/** Key of an event's record: all events of one visitor of one tenant keep their order. */
export function eventKey(event: Pick<Event, 'tenant' | 'userId' | 'anonymousId'>): string {
  const visitor = event.userId === undefined ? `a:${event.anonymousId ?? ''}` : `u:${event.userId}`
  return `${event.tenant}/${visitor}`
}
