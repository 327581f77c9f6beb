import { tenantOfInbox } from '@rapport/contracts'
import { deadLetter, decoded, type Decoded, type LogRecord } from '@rapport/messaging'
import { encodeEvent, type EncodedEvent } from './encode-event.ts'
import { Invalid } from './invalid.ts'
import { isJsonObject } from './json-values.ts'
import { toInstant } from './parse-time.ts'
import { readEvent } from './read-event.ts'

/** What stands as the source of events that came through an inbox. */
const source = 'inbox'

/**
 * Reads a record of an inbox: one event, as `/v1/batch` takes them. What the producer left out is made of the record
 * itself, so that a redelivery gives the same event: its messageId of the place, its times of the time of appending.
 */
export function readInboxRecord(record: LogRecord): Decoded<EncodedEvent> {
  const { topic, partition, offset, value, appendedAtMs } = record
  const tenant = tenantOfInbox(topic)
  if (tenant === undefined) throw new TypeError(`${topic} is no inbox`)
  if (value === null) return deadLetter('RPT_INBOX_MALFORMED', 'the record has no value')
  const raw = parse(value)
  if (!isJsonObject(raw)) return deadLetter('RPT_INBOX_MALFORMED', 'the value is not a JSON object in UTF-8')
  const named = raw['messageId'] ? raw : { ...raw, messageId: `${topic}/${partition}/${offset}` }
  const event = readEvent(named, { tenant, source, received: toInstant(appendedAtMs), correctsTime: true })
  const encoded = event instanceof Invalid ? event : encodeEvent(event, raw)
  return encoded instanceof Invalid ? refuse(encoded) : decoded(encoded)
}

const refuse = ({ field, reason }: Invalid) =>
  deadLetter('RPT_INBOX_INVALID', field === '' ? `the event ${reason}` : `${field} ${reason}`)

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(value))
  } catch {
    // The caller says what it should have been.
    return undefined
  }
}
