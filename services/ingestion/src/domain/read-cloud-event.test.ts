import { CloudEventSchema, eventTypes } from '@rapport/contracts'
import fc from 'fast-check'
import { Compile } from 'typebox/compile'
import { describe, expect, it } from 'vitest'
import { Invalid } from './invalid.ts'
import { toInstant } from './parse-time.ts'
import { readCloudEvent } from './read-cloud-event.ts'
import type { CallContext } from './read-event.ts'

const call: CallContext = {
  tenant: 'shop',
  source: 'key',
  received: toInstant(Date.parse('2026-03-01T12:00:00.000Z')),
  correctsTime: true,
}
const documented = Compile(CloudEventSchema)

/** Mostly one of `usual`, and now and then something that may be refused. */
const mostly = (usual: readonly unknown[], ...rare: readonly unknown[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) })
const required = mostly(['x', 'é'.repeat(256)], undefined, null, '', 5, 'x'.repeat(257))
const attribute = mostly([undefined, 'u', '茶'], null, '', 5, '😀'.repeat(256), '😀'.repeat(257))
const id = mostly([undefined, 'u', 7], null, '', 1.5, 2 ** 53, {}, 'x'.repeat(257))
const time = mostly([undefined, '2026-03-01T11:00:00Z', -1], null, '', 'yesterday', {}, 1e300)
const json = mostly([undefined, { a: 1 }], null, [], [1], 'x', 5)
const name = mostly([undefined, 'Product Viewed'], null, '', 5, 'x'.repeat(257))
const data = fc.record({
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
  sentAt: time,
})
const cloudEvent = fc.record({
  specversion: mostly(['1.0'], '0.3', undefined),
  id: required,
  source: required,
  type: fc.oneof(required, fc.constantFrom(...eventTypes)),
  subject: attribute,
  userid: attribute,
  anonymousid: attribute,
  time,
  datacontenttype: mostly(
    [undefined, 'application/json', 'text/JSON; charset=utf-8', 'Application/vnd.shop+json'],
    null,
    'text/xml',
    'json',
    5,
  ),
  data: fc.oneof({ weight: 4, arbitrary: data }, mostly([undefined, {}], null, [], 'x', 5)),
  data_base64: mostly([undefined], null, 'eA=='),
})
/** As JSON carries it: fields that are undefined are not there. */
const onTheWire = (raw: object): Record<string, unknown> => JSON.parse(JSON.stringify(raw)) as Record<string, unknown>

describe('readCloudEvent', () => {
  it('takes what the API document describes and nothing else', () => {
    const taken = new Set<string>()
    let refused = 0
    fc.assert(
      fc.property(cloudEvent, (draft) => {
        const raw = onTheWire(draft)
        const event = readCloudEvent(raw, call)
        const isAccepted = !(event instanceof Invalid)
        if (isAccepted) taken.add(event.type)
        else refused++
        expect({ raw, event, isAccepted }).toMatchObject({ isAccepted: documented.Check(raw) })
      }),
      { numRuns: 5_000 },
    )
    expect([...taken].toSorted()).toEqual([...eventTypes].toSorted())
    expect(refused).toBeGreaterThan(500)
  })

  const event = { specversion: '1.0', id: 'e', source: 's', type: 'x' }
  it.each([
    ['an id that is null', { subject: 'ada', data: { userId: null, anonymousId: '' } }, { userId: 'ada' }],
    ['an attribute that is null', { userid: null, data: { userId: 7 } }, { userId: '7' }],
    ['the attribute first', { userid: 'ada', data: { userId: {} } }, { userId: 'ada' }],
    ['the subject of an alias', { type: 'alias', subject: 'ada', data: { previousId: 'a' } }, { userId: 'ada' }],
  ])('takes %s', (_name, fields, expected) => {
    expect(readCloudEvent({ ...event, ...fields }, call)).toMatchObject(expected)
  })
})
