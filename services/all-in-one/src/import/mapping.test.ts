import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImportRow } from './import-row.ts'
import { mapped } from './mapping.ts'
import { sampleFolder } from './testing/sample-folder.ts'

interface Sample {
  readonly mapping: string
  readonly files: Readonly<Record<string, string>>
  readonly data?: string
}

async function rows({ mapping, files, data }: Sample): Promise<ImportRow[]> {
  const folder = await sampleFolder({ ...files, 'map.yaml': mapping })
  const [file] = await mapped(join(folder, 'map.yaml'), data === undefined ? undefined : join(folder, data))
  if (file === undefined) throw new Error('nothing is mapped')
  return Array.fromAsync(file.rows())
}

const clicks = `
format: csv
file: clicks.csv
event:
  name: { column: action, values: { view: Product Viewed, cart: Product Added } }
  userId: user
  anonymousId: cookie
  timestamp: at
  properties:
    product_id: item
    price: { column: price, type: number }
    gift: { column: gift, type: boolean }
    tags: { column: tags, type: list, separator: "/" }
    source: { constant: { app: web } }
`
const header = 'action,user,cookie,at,item,price,gift,tags\n'

test('columns become an event: values, numbers, booleans, lists, constants', async () => {
  const [row] = await rows({
    mapping: clicks,
    files: { 'clicks.csv': `${header}view,u1,,2026-02-01T10:00:00+01:00,p1,3.5,TRUE, a / b /\n` },
  })
  expect(row).toEqual({
    kind: 'event',
    line: 2,
    event: {
      type: 'track',
      messageId: expect.stringMatching(/^[\w-]{43}$/) as string,
      userId: 'u1',
      event: 'Product Viewed',
      timestamp: '2026-02-01T09:00:00.000Z',
      properties: { product_id: 'p1', price: 3.5, gift: true, tags: ['a', 'b'], source: { app: 'web' } },
    },
  })
})

test('a row that does not fit is rejected with its line and reason; the others go on', async () => {
  const lines = [
    'sell,u1,,2026-02-01,p1,1,0,',
    'view,,,2026-02-01,p1,1,0,',
    'view,u1,,soon,p1,1,0,',
    'view,u1,,2026-02-01,p1,cheap,0,',
    'view,u1,,2026-02-01,p1,1,maybe,',
    ',u1,,2026-02-01,p1,1,0,',
    'cart,,c9,2026-02-01,p1,,,',
  ]
  expect(await rows({ mapping: clicks, files: { 'clicks.csv': `${header}${lines.join('\n')}` } })).toEqual([
    { kind: 'rejected', line: 2, reason: 'action: no value is mapped for "sell"' },
    { kind: 'rejected', line: 3, reason: 'neither a user nor an anonymous id' },
    { kind: 'rejected', line: 4, reason: 'not a time (iso): "soon"' },
    { kind: 'rejected', line: 5, reason: 'price: not a number: "cheap"' },
    { kind: 'rejected', line: 6, reason: 'gift: not true or false: "maybe"' },
    { kind: 'rejected', line: 7, reason: 'no event name' },
    expect.objectContaining({ kind: 'event', line: 8 }),
  ])
})

const visits = `
format: ndjson
timestampFormat: seconds
event:
  type: identify
  userId: who.id
  messageId: key
  timestamp: at
  traits: { city: who.city, visits: visits }
`

test('newline-delimited JSON is reached into by dots; broken lines are rejected', async () => {
  const lines = [
    '{"who":{"id":7,"city":"Köln"},"key":"k1","at":1700000000,"visits":3}',
    '{"who":',
    '[1]',
    '',
    '{"who":{"id":{}},"at":1700000000}',
  ]
  const found = await rows({
    mapping: visits,
    files: { 'visits.ndjson.gz': lines.join('\n') },
    data: 'visits.ndjson.gz',
  })
  expect(found).toEqual([
    {
      kind: 'event',
      line: 1,
      event: {
        type: 'identify',
        messageId: 'k1',
        userId: '7',
        timestamp: '2023-11-14T22:13:20.000Z',
        traits: { city: 'Köln', visits: 3 },
      },
    },
    { kind: 'rejected', line: 2, reason: 'not a JSON object' },
    { kind: 'rejected', line: 3, reason: 'not a JSON object' },
    expect.objectContaining({ kind: 'rejected', line: 5 }),
  ])
})

test('a catalogue is checked row by row before it is sent', async () => {
  const mapping = `
format: csv
delimiter: ";"
file: catalogue.csv
item:
  id: sku
  body: { title: name, price: { column: price, type: number }, currency: { constant: EUR } }
  attributes: { colour: colour, weight: { column: grams, type: number } }
`
  const text = 'sku;name;price;colour;grams\na1;Pot;9.5;blue;700\na2;Cup;-1;;\n;Lid;1;;\n'
  expect(await rows({ mapping, files: { 'catalogue.csv': text } })).toEqual([
    {
      kind: 'item',
      line: 2,
      id: 'a1',
      body: { title: 'Pot', price: 9.5, currency: 'EUR', attributes: { colour: 'blue', weight: 700 } },
    },
    { kind: 'rejected', line: 3, reason: expect.stringMatching(/price.*0/) as string },
    { kind: 'rejected', line: 4, reason: 'no item id' },
  ])
})

const messageIds = (found: readonly ImportRow[]): unknown[] =>
  found.map((row) => (row.kind === 'event' ? row.event.messageId : row))

test('a row without an id gets the same messageId each time, and two like rows get two', async () => {
  const files = { 'clicks.csv': `${header}${'view,u1,,2026-02-01,p1,1,0,\n'.repeat(2)}` }
  const once = messageIds(await rows({ mapping: clicks, files }))
  expect(messageIds(await rows({ mapping: clicks, files }))).toEqual(once)
  expect(new Set(once).size).toBe(2)
  const changed = clicks.replace('view: Product Viewed', 'view: Product Clicked')
  expect(messageIds(await rows({ mapping: changed, files }))).not.toEqual(once)
})

test('a column that the file does not have is named at once', async () => {
  const files = { 'clicks.csv': 'action,user,at,item\nview,u1,2026-02-01,p1\n' }
  await expect(rows({ mapping: clicks, files })).rejects.toThrow(
    'has no column "cookie", "price", "gift", "tags"; it has "action", "user", "at", "item"',
  )
})

test.each([
  ['format: xml\n', /\/format/],
  ['format: csv\n', /either "event" or "item"/],
  ['format: csv\nevent: { name: a, timestamp: t }\n', /"userId" or "anonymousId"/],
  ['format: csv\nevent: { userId: u, timestamp: t }\n', /"name"/],
  ['format: csv\nevent: { userId: u, name: a }\n', /\/event.*timestamp/],
  ['format: csv\nevent: { userId: u, name: a, timestamp: t, colour: c }\n', /\/event.*additional/],
  ['format: csv\nitem: { id: a }\n', /names no "file"/],
  ['format: [csv\n', /map\.yaml cannot be read/],
])('the mapping %j is refused: %s', async (mapping, reason) => {
  const folder = await sampleFolder()
  await writeFile(join(folder, 'map.yaml'), mapping)
  await expect(mapped(join(folder, 'map.yaml'))).rejects.toThrow(reason)
})
