import { EventSchema, eventKey, ingestionLimits, type Event } from '@rapport/contracts'
import { Compile } from 'typebox/compile'
import { isRecordTime, parseRecord, problemOf, refuse, type RecordReading } from './reading.ts'
import { tenantOfKey } from './tenant-of-key.ts'

/** An event with its times as numbers. */
export interface TimedEvent {
  readonly event: Event
  readonly atMs: number
  readonly receivedAtMs: number
}

type EventReading = RecordReading<TimedEvent>

const schema = Compile(EventSchema)

/** Reads a record of `rapport.events.v1`. What it refuses is refused by every replay too: it looks at nothing but the record. */
export function readEvent(key: string, value: Uint8Array | null): EventReading {
  if (value === null) return refuse('RPT_EVENT_EMPTY', 'the record has no value')
  const parsed = parseRecord(value)
  if (parsed === undefined) return refuse('RPT_EVENT_NOT_JSON', 'the value is not JSON in UTF-8')
  if (value.length > surelySmallBytes && isTooLarge(parsed)) return refuseLarge()
  if (!schema.Check(parsed)) return refuse('RPT_EVENT_INVALID', problemOf(schema, parsed))
  return readTimes(key, parsed)
}

/** As `readEvent`, for a value that was parsed already. */
export function readParsedEvent(key: string, value: unknown): EventReading {
  if (value === null || value === undefined) return refuse('RPT_EVENT_EMPTY', 'the record has no value')
  if (isTooLarge(value)) return refuseLarge()
  if (!schema.Check(value)) return refuse('RPT_EVENT_INVALID', problemOf(schema, value))
  return readTimes(key, value)
}

function readTimes(key: string, event: Event): EventReading {
  if (event.userId === undefined && event.anonymousId === undefined) {
    return refuse('RPT_EVENT_NO_VISITOR', 'the event has neither userId nor anonymousId')
  }
  // Archive and dedup go by the key, so an event under a foreign key would differ between the live state and a rebuild.
  if (eventKey(event) !== key)
    return refuse('RPT_EVENT_KEY', `the record's key is not ${JSON.stringify(eventKey(event))}`)
  // The archive goes by the key's tenant: what it cannot name is in no archive, or in another tenant's.
  if (tenantOfKey(key) !== event.tenant) return refuse('RPT_EVENT_INVALID', '/tenant: is no tenant name')
  const atMs = Date.parse(event.timestamp)
  const receivedAtMs = Date.parse(event.receivedAt)
  if (!isRecordTime(atMs)) return refuse('RPT_EVENT_INVALID', '/timestamp: is no time between 1970 and 9999')
  if (!isRecordTime(receivedAtMs)) return refuse('RPT_EVENT_INVALID', '/receivedAt: is no time between 1970 and 9999')
  return { ok: true, value: { event, atMs, receivedAtMs } }
}

const { storedEventBytes } = ingestionLimits
/** Written anew, JSON grows by less than six times: 1E20 becomes its 21 digits. */
const surelySmallBytes = storedEventBytes / 6

/** Ingestion takes no such event, so nothing behind it is made for one. Counted without blanks, as the archive has it. */
const isTooLarge = (value: unknown): boolean => Buffer.byteLength(JSON.stringify(value)) > storedEventBytes
const refuseLarge = (): RecordReading<never> =>
  refuse('RPT_EVENT_TOO_LARGE', `the event is larger than ${storedEventBytes} bytes`)
