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
