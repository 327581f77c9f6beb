import { batchEventSchemas, EventSchema, eventTypes } from '@rapport/contracts'
import fc from 'fast-check'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { describe, expect, it } from 'vitest'
import { encodeEvent } from './encode-event.ts'
import { Invalid } from './invalid.ts'
import { toInstant } from './parse-time.ts'
import { readEvent, type CallContext } from './read-event.ts'

const call: CallContext = {
  tenant: 'shop',
  source: 'key',
  received: toInstant(Date.parse('2026-03-01T12:00:00.000Z')),
  correctsTime: true,
}
const documented = Compile(Type.Union([...batchEventSchemas]))
const canonical = Compile(EventSchema)

const id = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 12, unit: 'grapheme' }) },
  fc.constantFrom('', null, 'é'.repeat(256), '😀'.repeat(256), '😀'.repeat(257), 1.5, 2 ** 53, true, {}, undefined),
  fc.integer(),
)
const time = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') })
    .map((date) => date.toISOString()),
  fc.integer({ min: -4_000_000_000_000, max: 4_000_000_000_000 }),
  fc.constantFrom(null, undefined, '', 'yesterday', {}, true, 1.5, -62_135_596_800_000.5, -62_135_596_800_001),
  fc.constantFrom(253_402_300_799_999.5, 253_402_300_800_000, 31_557_599_999.9, -31_557_600_000, 1e300),
)
const json = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
  fc.constantFrom(null, undefined, [], [1], 'x', 5),
)
const name = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(undefined, null, 5, 'x'.repeat(257)))
const rawEvent = fc.record({
  type: fc.constantFrom(...eventTypes, 'nothing', undefined),
  messageId: id,
  userId: id,
  anonymousId: id,
  previousId: id,
  groupId: id,
  event: name,
  name,
  category: name,
  properties: json,
  traits: json,
  context: json,
  timestamp: time,
  originalTimestamp: time,
  sentAt: time,
  writeKey: fc.constantFrom(undefined, 'key', 5),
})
/** As JSON carries it: fields that are undefined are not there. */
const onTheWire = (raw: object): Record<string, unknown> => JSON.parse(JSON.stringify(raw)) as Record<string, unknown>

describe('readEvent', () => {
  it('takes what the API document describes and nothing else', () => {
    let accepted = 0
    fc.assert(
      fc.property(rawEvent, (draft) => {
        const raw = onTheWire(draft)
        const event = readEvent(raw, call)
        const isAccepted = !(event instanceof Invalid)
        if (isAccepted) accepted++
        expect({ raw, event, isAccepted }).toMatchObject({ isAccepted: documented.Check(raw) })
      }),
      { numRuns: 3_000 },
    )
    expect(accepted).toBeGreaterThan(30)
  })

  it('makes canonical events', () => {
    fc.assert(
      fc.property(rawEvent, (draft) => {
        const raw = onTheWire(draft)
        const event = readEvent(raw, call)
        fc.pre(!(event instanceof Invalid))
        expect(canonical.Check(onTheWire(event))).toBe(true)
        const visitor = event.userId === undefined ? `a:${event.anonymousId}` : `u:${event.userId}`
        expect(encodeEvent(event, raw)).toMatchObject({ key: `shop/${visitor}` })
      }),
      { numRuns: 100 },
    )
  })

  it('survives any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (raw) => {
        expect(readEvent(raw, call)).toBeInstanceOf(Invalid)
      }),
    )
  })

  it('keeps fields called __proto__ as fields', () => {
    const raw: unknown = JSON.parse(
      '{"type":"track","event":"x","userId":"a","properties":{"__proto__":{"polluted":1}},"context":{"__proto__":{}}}',
    )
    const event = readEvent(raw, { ...call, context: { a: 1 } })
    expect(JSON.stringify(event)).toContain('"properties":{"__proto__":{"polluted":1}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
