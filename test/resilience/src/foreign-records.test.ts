import { randomBytes, randomUUID } from 'node:crypto'
import { deadLetterKey, eventKey, operatorTenant, topics, type Event } from '@rapport/contracts'
import { readDeadLetter, type EventLog, type LogRecord, type OutgoingRecord } from '@rapport/messaging'
import { afterEach, expect, it } from 'vitest'
import { startInstallation } from './harness/installation.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

const users = 50
const topic = topics.events.name

function sound(number: number): OutgoingRecord {
  const at = new Date().toISOString()
  const event: Event = {
    messageId: randomUUID(),
    tenant: operatorTenant,
    source: 'test',
    type: 'track',
    event: 'Product Viewed',
    userId: `user-${number % users}`,
    properties: { product_id: `item-${number % 7}` },
    timestamp: at,
    originalTimestamp: at,
    receivedAt: at,
    version: 1,
  }
  return { topic, key: eventKey(event), value: Buffer.from(JSON.stringify(event)) }
}

/** In turn: no JSON, no event, an event of a version to come, a large one that is no event, one of another key, no value. */
function broken(number: number): OutgoingRecord {
  const record = sound(number)
  const event = JSON.parse(Buffer.from(record.value ?? []).toString('utf8')) as Event
  const values = [
    Buffer.from('{"no'),
    Buffer.from('[]'),
    Buffer.from(JSON.stringify({ ...event, version: 2 })),
    randomBytes(200_000),
    Buffer.from(JSON.stringify({ ...event, tenant: 'somebody-else' })),
    null,
  ]
  return { ...record, value: values[number % values.length] ?? null }
}

it(
  'records that others put on the topic go to the dead letters whole, and their neighbours are applied',
  { timeout: 180_000 },
  async () => {
    const installation = owned.use(await startInstallation())
    await using drivers = await installation.connect()
    const { eventLog } = drivers
    const records = Array.from({ length: 5_000 }, (_, number) =>
      number % 100 === 99 ? broken((number - 99) / 100) : sound(number),
    )
    const places = await eventLog.publish(records)
    await installation.caughtUp()
    const letters = await readAll(eventLog, topics.eventsDeadLetters.name)
    const expected = places.filter((_, number) => number % 100 === 99).map(deadLetterKey)
    expect(letters.map(({ key }) => key).toSorted()).toEqual(expected.toSorted())
    for (const letter of letters) {
      const body = readDeadLetter(letter)
      const at = places.findIndex((place) => deadLetterKey(place) === letter.key)
      expect(body).toMatchObject({ topic, key: records[at]?.key, group: 'rapport.feature' })
      expect(body?.code).toMatch(/^RPT_[A-Z]+_[A-Z_]+$/)
      expect(body?.value).toBe(records[at]?.value == null ? null : Buffer.from(records[at].value).toString('base64'))
    }
    const profiles = await Promise.all(
      Array.from({ length: users }, (_, number) => installation.client.users.get(`user-${number}`)),
    )
    const views = profiles.reduce((sum, profile) => sum + (profile?.counts['Product Viewed']?.all ?? 0), 0)
    expect(views).toBe(4_950)
  },
)

async function readAll(eventLog: EventLog, from: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(from)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic: from, partition, offset }, 1_000)
      records.push(...page)
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return records
}
