import { eventKey, ingestionLimits, type Event } from '@rapport/contracts'
import { expect, it } from 'vitest'
import { readEvent, readParsedEvent } from './read-event.ts'

const at = '2026-03-01T12:00:00.000Z'
const eventOf = (text: string): Event => ({
  messageId: 'm1',
  tenant: 'shop',
  source: 'test',
  type: 'track',
  event: 'Product Viewed',
  userId: 'ada',
  properties: { text },
  timestamp: at,
  originalTimestamp: at,
  receivedAt: at,
  version: 1,
})
const limit = ingestionLimits.storedEventBytes
const empty = Buffer.byteLength(JSON.stringify(eventOf('')))
const toBytes = (more: Partial<Record<keyof Event, unknown>>): Uint8Array =>
  Buffer.from(JSON.stringify({ ...eventOf('x'), ...more }))
/** What live consumption and a rebuild from the archive say; they must say the same. */
function codesOf(text: string): (string | undefined)[] {
  const key = eventKey(eventOf(''))
  const readings = [readEvent(key, Buffer.from(text)), readParsedEvent(key, JSON.parse(text))]
  return readings.map((reading) => (reading.ok ? undefined : reading.refusal.code))
}

it('takes an event as large as ingestion lets any become, and none that is larger', () => {
  expect(codesOf(JSON.stringify(eventOf('x'.repeat(limit - empty))))).toEqual([undefined, undefined])
  const tooLarge = ['RPT_EVENT_TOO_LARGE', 'RPT_EVENT_TOO_LARGE']
  expect(codesOf(JSON.stringify(eventOf('x'.repeat(limit - empty + 1))))).toEqual(tooLarge)
  expect(codesOf(JSON.stringify(eventOf('x'.repeat(900_000))))).toEqual(tooLarge)
})

it('the same whatever way it is written', () => {
  expect(codesOf(JSON.stringify(eventOf('x'), undefined, 40_000))).toEqual([undefined, undefined])
  const numbers = `[${Array.from({ length: 3_000 }, () => '1E20').join(',')}]`
  const grown = JSON.stringify(eventOf('x')).replace('"x"', numbers)
  expect(grown.length).toBeLessThan(limit)
  expect(codesOf(grown)).toEqual(['RPT_EVENT_TOO_LARGE', 'RPT_EVENT_TOO_LARGE'])
})

it.each([
  ['the value of a tombstone', null, 'RPT_EVENT_EMPTY'],
  ['no UTF-8', Buffer.from([0xff]), 'RPT_EVENT_NOT_JSON'],
  ['half a value', Buffer.from(JSON.stringify(eventOf('x'))).subarray(1), 'RPT_EVENT_NOT_JSON'],
  ['an object of another form', Buffer.from('{}'), 'RPT_EVENT_INVALID'],
  ['the event of another visitor', toBytes({ userId: 'bob' }), 'RPT_EVENT_KEY'],
  ['an event without a visitor', toBytes({ userId: undefined }), 'RPT_EVENT_NO_VISITOR'],
  ['an event of a time that is none', toBytes({ receivedAt: '0000-01-01T00:00:00.000Z' }), 'RPT_EVENT_INVALID'],
])('refuses %s', (_, value, code) => {
  const reading = readEvent(eventKey(eventOf('')), value)
  expect(reading).toMatchObject({ ok: false, refusal: { code } })
})
