import { eventTypes, jsonMediaTypePattern, type Event } from '@rapport/contracts'
import { eventNameOfType } from './event-names.ts'
import { Invalid } from './invalid.ts'
import { isJsonObject, type JsonObject } from './json-values.ts'
import { readEvent, type CallContext } from './read-event.ts'
import { readId, readName } from './read-text.ts'

const segmentTypes: ReadonlySet<string> = new Set(eventTypes)

/**
 * Reads a CloudEvent 1.0 into the canonical event:
 *
 * | CloudEvent | event |
 * |---|---|
 * | `id`, `source`, `time` | `messageId`, `source`, `originalTimestamp` (never corrected: there is no sending time) |
 * | `type` `track`, `identify`, `page`, `screen`, `group`, `alias` | that call; `data` is its body, without ids where the attributes name them |
 * | any other `type` | `track`; the name is the e-commerce event that the type spells, otherwise the type; `data` is its `properties` |
 * | extension `userid`, else `data.userId`, else `subject` | `userId` |
 * | extension `anonymousid`, else `data.anonymousId` | `anonymousId` |
 *
 * `subject` counts only when nothing else names the visitor, and for `alias`.
 */
export function readCloudEvent(raw: unknown, call: CallContext): Event | Invalid {
  if (!isJsonObject(raw)) return new Invalid('', 'must be an object')
  if (raw['specversion'] !== '1.0') return new Invalid('specversion', 'must be "1.0"')
  for (const field of ['id', 'source', 'type'] as const) {
    const value = readName(raw[field], field)
    if (value instanceof Invalid) return value
    if (value === undefined) return new Invalid(field, 'is required')
  }
  const data = readData(raw)
  if (data instanceof Invalid) return data
  const attributes = readAttributes(raw)
  if (attributes instanceof Invalid) return attributes
  const visitor = readVisitor(data, attributes)
  if (visitor instanceof Invalid) return visitor
  const event = readEvent(toCall(raw, data, visitor), { ...call, source: raw['source'] as string })
  return event instanceof Invalid ? new Invalid(toCloudEventField(event.field), event.reason) : event
}

interface Attributes {
  readonly subject: string | undefined
  readonly userid: string | undefined
  readonly anonymousid: string | undefined
}

function readAttributes(raw: JsonObject): Attributes | Invalid {
  const subject = readName(raw['subject'], 'subject')
  if (subject instanceof Invalid) return subject
  const userid = readName(raw['userid'], 'userid')
  if (userid instanceof Invalid) return userid
  const anonymousid = readName(raw['anonymousid'], 'anonymousid')
  return anonymousid instanceof Invalid ? anonymousid : { subject, userid, anonymousid }
}

function readData(raw: JsonObject): JsonObject | Invalid {
  const contentType = raw['datacontenttype'] ?? 'application/json'
  if (typeof contentType !== 'string' || !jsonMediaType.test(contentType)) {
    return new Invalid('datacontenttype', 'must be application/json')
  }
  if (raw['data_base64'] !== undefined && raw['data_base64'] !== null) {
    return new Invalid('data_base64', 'binary data is not taken: send JSON in data')
  }
  const data = raw['data'] ?? {}
  return isJsonObject(data) ? data : new Invalid('data', 'must be an object')
}

const jsonMediaType = new RegExp(jsonMediaTypePattern, 'u')

interface Visitor {
  readonly subject: string | undefined
  readonly userId: string | undefined
  readonly anonymousId: string | undefined
}

function readVisitor(data: JsonObject, { subject, userid, anonymousid }: Attributes): Visitor | Invalid {
  const userId = userid ?? readId(data['userId'], 'data.userId')
  if (userId instanceof Invalid) return userId
  const anonymousId = anonymousid ?? readId(data['anonymousId'], 'data.anonymousId')
  return anonymousId instanceof Invalid ? anonymousId : { subject, userId, anonymousId }
}

function toCall(raw: JsonObject, data: JsonObject, { subject, userId, anonymousId }: Visitor): JsonObject {
  const type = raw['type'] as string
  const bySubject = anonymousId === undefined || type === 'alias' ? subject : undefined
  const time = raw['time'] === '' ? undefined : raw['time']
  const common = { messageId: raw['id'], userId: userId ?? bySubject, anonymousId, timestamp: time }
  if (segmentTypes.has(type)) {
    const { originalTimestamp: _original, sentAt: _sent, ...body } = data
    return { ...body, ...common, timestamp: time ?? data['timestamp'], type }
  }
  return { ...common, type: 'track', event: eventNameOfType(type), properties: data }
}

const fieldNames: Readonly<Record<string, string>> = { messageId: 'id', timestamp: 'time', event: 'type' }

/** The path in the CloudEvent of a path in the call that was made from it. */
function toCloudEventField(field: string): string {
  const [head = '', ...rest] = field.split('.')
  if (head === 'properties' || head === 'traits') return ['data', ...rest].join('.')
  return fieldNames[head] ?? field
}
