import { randomUUID } from 'node:crypto'
import { eventTypes, type Event, type EventType } from '@rapport/contracts'
import { correctTime } from './correct-time.ts'
import { Invalid } from './invalid.ts'
import { isJsonObject, readObject, type JsonObject } from './json-values.ts'
import { parseTime, type Instant } from './parse-time.ts'
import { readId, readName } from './read-text.ts'

/** What holds for every event of a call. */
export interface CallContext {
  readonly tenant: string
  readonly source: string
  readonly received: Instant
  /** The batch's own, for events that have none. */
  readonly sentAt?: Instant | undefined
  /** The batch's own; an event's fields win. */
  readonly context?: JsonObject | undefined
  /** The path's type; absent in a batch, whose events name theirs. */
  readonly type?: EventType | undefined
  /** False on an import of history: the client's clock is not compared with ours. */
  readonly correctsTime: boolean
}

const knownTypes: ReadonlySet<unknown> = new Set(eventTypes)

/** Reads one event as a client sent it into the canonical event, or says what is wrong with it. */
export function readEvent(raw: unknown, call: CallContext): Event | Invalid {
  if (!isJsonObject(raw)) return new Invalid('', 'must be an object')
  const type = readType(raw['type'], call.type)
  if (type instanceof Invalid) return type
  const messageId = readId(raw['messageId'], 'messageId')
  if (messageId instanceof Invalid) return messageId
  const times = readTimes(raw, call)
  if (times instanceof Invalid) return times
  const context = readObject(raw['context'], 'context')
  if (context instanceof Invalid) return context

  const event: Event = {
    messageId: messageId ?? randomUUID(),
    tenant: call.tenant,
    source: call.source,
    type,
    timestamp: times.timestamp,
    originalTimestamp: times.originalTimestamp,
    receivedAt: call.received.text,
    version: 1,
  }
  if (times.sentAt !== undefined) event.sentAt = times.sentAt
  const merged = call.context === undefined ? context : { ...call.context, ...context }
  if (merged !== undefined) event.context = merged
  return addVisitor(event, raw) ?? addContent(event, raw) ?? event
}

function readType(value: unknown, expected: EventType | undefined): EventType | Invalid {
  if (expected !== undefined) {
    const agrees = value === undefined || value === null || value === expected
    return agrees ? expected : new Invalid('type', `must be "${expected}" on this path`)
  }
  if (knownTypes.has(value)) return value as EventType
  return new Invalid('type', `must be one of ${eventTypes.join(', ')}`)
}

function readTimes(raw: JsonObject, call: CallContext) {
  const timestamp = readTime(raw['timestamp'], 'timestamp')
  if (timestamp instanceof Invalid) return timestamp
  const first = readTime(raw['originalTimestamp'], 'originalTimestamp')
  if (first instanceof Invalid) return first
  const own = readTime(raw['sentAt'], 'sentAt')
  if (own instanceof Invalid) return own
  const sentAt = own ?? call.sentAt
  // An event without a time of its own happened when it was sent.
  const happened = first ?? timestamp ?? (call.correctsTime ? sentAt : undefined) ?? call.received
  const corrected = correctTime({
    original: happened,
    sentAt: call.correctsTime ? sentAt : undefined,
    received: call.received,
  })
  return { timestamp: corrected.text, originalTimestamp: happened.text, sentAt: sentAt?.text }
}

/** A time that a client may leave out: null and the empty string are absent. */
export function readTime(value: unknown, field: string): Instant | undefined | Invalid {
  if (value === undefined || value === null || value === '') return undefined
  const time = parseTime(value)
  return time ?? new Invalid(field, 'must be an ISO 8601 time or milliseconds since the epoch, in the years 1 to 9999')
}

function addVisitor(event: Event, raw: JsonObject): Invalid | undefined {
  const userId = readId(raw['userId'], 'userId')
  if (userId instanceof Invalid) return userId
  const anonymousId = readId(raw['anonymousId'], 'anonymousId')
  if (anonymousId instanceof Invalid) return anonymousId
  if (userId === undefined && (anonymousId === undefined || event.type === 'alias')) {
    return new Invalid('userId', event.type === 'alias' ? 'is required' : 'is required when there is no anonymousId')
  }
  if (userId !== undefined) event.userId = userId
  if (anonymousId !== undefined) event.anonymousId = anonymousId
  return undefined
}

function addContent(event: Event, raw: JsonObject): Invalid | undefined {
  switch (event.type) {
    case 'track':
      return addName(event, raw['event'], 'event') ?? addProperties(event, raw)
    case 'page':
    case 'screen':
      return addPage(event, raw)
    case 'identify':
      return addTraits(event, raw)
    case 'group':
      return addRequiredId(event, raw, 'groupId') ?? addTraits(event, raw)
    case 'alias':
    default:
      return addRequiredId(event, raw, 'previousId')
  }
}

function addName(event: Event, value: unknown, field: string): Invalid | undefined {
  const name = readName(value, field)
  if (name instanceof Invalid) return name
  if (name === undefined) return field === 'event' ? new Invalid(field, 'is required') : undefined
  event.event = name
  return undefined
}

function addProperties(event: Event, raw: JsonObject): Invalid | undefined {
  const properties = readObject(raw['properties'], 'properties')
  if (properties instanceof Invalid) return properties
  if (properties !== undefined) event.properties = properties
  return undefined
}

function addTraits(event: Event, raw: JsonObject): Invalid | undefined {
  const traits = readObject(raw['traits'], 'traits')
  if (traits instanceof Invalid) return traits
  if (traits !== undefined) event.traits = traits
  return undefined
}

/** A page's category is kept among its properties, where Segment's browser client puts it too. */
function addPage(event: Event, raw: JsonObject): Invalid | undefined {
  const category = readName(raw['category'], 'category')
  if (category instanceof Invalid) return category
  const invalid = addName(event, raw['name'], 'name') ?? addProperties(event, raw)
  if (invalid === undefined && category !== undefined) event.properties = { category, ...event.properties }
  return invalid
}

function addRequiredId(event: Event, raw: JsonObject, field: 'groupId' | 'previousId'): Invalid | undefined {
  const id = readId(raw[field], field)
  if (id instanceof Invalid) return id
  if (id === undefined) return new Invalid(field, 'is required')
  event[field] = id
  return undefined
}
