import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { deadLetterKey, eventKey, operatorTenant, topics, type Event } from '@rapport/contracts'
import { redisCommand } from '@rapport/infra'
import { readDeadLetter, type OutgoingRecord } from '@rapport/messaging'
import type { Drivers } from '@rapport/service-kit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startInstallation, type Installation } from './harness/installation.ts'
import { readAll } from './harness/read-all.ts'
import { cli } from './harness/service-process.ts'

const owned = new AsyncDisposableStack()
let installation: Installation
let drivers: Drivers

beforeAll(async () => {
  installation = owned.use(await startInstallation())
  drivers = owned.use(await installation.connect())
}, 120_000)
afterAll(() => owned.disposeAsync())

const run = promisify(execFile)

const users = 50
const topic = topics.events.name

function eventOf(number: number): Event {
  const at = new Date().toISOString()
  return {
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
}

const recordOf = (event: Event): OutgoingRecord => ({
  topic,
  key: eventKey(event),
  value: Buffer.from(JSON.stringify(event)),
})

/** In turn: no JSON, no event, an event of a version to come, large bytes, a large event, one of another key, no value. */
const broken: readonly (readonly [code: string, make: (event: Event) => Buffer | null])[] = [
  ['RPT_EVENT_NOT_JSON', () => Buffer.from('{"no')],
  ['RPT_EVENT_INVALID', () => Buffer.from('[]')],
  ['RPT_EVENT_INVALID', (event) => Buffer.from(JSON.stringify({ ...event, version: 2 }))],
  ['RPT_EVENT_NOT_JSON', () => randomBytes(200_000)],
  [
    'RPT_EVENT_TOO_LARGE',
    (event) => Buffer.from(JSON.stringify({ ...event, properties: { text: 'x'.repeat(900_000) } })),
  ],
  ['RPT_EVENT_KEY', (event) => Buffer.from(JSON.stringify({ ...event, tenant: 'somebody-else' }))],
  ['RPT_EVENT_EMPTY', () => null],
]
const brokenAt = (number: number) => broken[((number - 99) / 100) % broken.length] ?? broken[0]

it(
  'records that others put on the topic go to the dead letters whole, and their neighbours are applied',
  { timeout: 180_000 },
  async () => {
    const { eventLog } = drivers
    const records = Array.from({ length: 5_000 }, (_, number) =>
      number % 100 === 99
        ? { ...recordOf(eventOf(number)), value: brokenAt(number)?.[1](eventOf(number)) ?? null }
        : recordOf(eventOf(number)),
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
      expect(body?.code).toBe(brokenAt(at)?.[0])
      expect(body?.value).toBe(records[at]?.value == null ? null : Buffer.from(records[at].value).toString('base64'))
    }
    const profiles = await Promise.all(
      Array.from({ length: users }, (_, number) => installation.client.users.get(`user-${number}`)),
    )
    const views = profiles.reduce((sum, profile) => sum + (profile?.counts['Product Viewed']?.all ?? 0), 0)
    expect(views).toBe(4_950)
  },
)

it(
  'a record that fails nobody knows why is given up after its third failure, and applied by a replay after the fix',
  { timeout: 120_000 },
  async () => {
    const { eventLog } = drivers
    const [feature] = installation.processes.feature
    const viewsOf = async (user: string) => (await installation.client.users.get(user))?.counts['Product Viewed']?.all
    // Somebody has put a value of another type where the state of one visitor belongs.
    const foreign = `rpt:{${operatorTenant}:user:spoilt}:state`
    expect(await redisCommand(installation.redis.port, 'SET', foreign, 'nobody knows what')).toBe('OK')
    const ofUser = (userId: string): OutgoingRecord => recordOf({ ...eventOf(0), userId })
    const neighbours = Array.from({ length: 200 }, (_, number) => ofUser(`beside-${number % 20}`))
    const spoilt = ofUser('spoilt')
    const places = await eventLog.publish([...neighbours.slice(0, 100), spoilt, ...neighbours.slice(100)])
    const place = places[100]
    if (place === undefined) throw new Error('the record has no place')
    await installation.caughtUp()
    const letters = await readAll(eventLog, topics.eventsDeadLetters.name)
    const letter = letters.find(({ key }) => key === deadLetterKey(place))
    const body = letter === undefined ? undefined : readDeadLetter(letter)
    expect(body).toMatchObject({ ...place, key: spoilt.key, code: 'RPT_CONSUMER_UNKNOWN', group: 'rapport.feature' })
    expect(body?.message).toContain('WRONGTYPE')
    expect(body?.value).toBe(Buffer.from(spoilt.value ?? []).toString('base64'))
    expect(letters.filter((other) => readDeadLetter(other)?.code === 'RPT_CONSUMER_UNKNOWN')).toHaveLength(1)
    expect(await feature?.metric('rapport_feature_failures_total{kind="unknown failure"}')).toBe(3)
    expect(feature?.log).toContain('a record was given up after its third failure')
    for (let number = 0; number < 20; number += 1) expect(await viewsOf(`beside-${number}`)).toBe(10)

    expect(await redisCommand(installation.redis.port, 'DEL', foreign)).toBe('1')
    expect(await viewsOf('spoilt').catch(() => undefined)).toBeUndefined()
    const env = { ...process.env, RAPPORT_URL: installation.url, RAPPORT_KEY: installation.key }
    const replay = ['events', 'replay', '--dead-letters', '--code', 'RPT_CONSUMER_UNKNOWN']
    expect((await run(process.execPath, [cli, ...replay], { env })).stdout).toContain('1 records replayed')
    await installation.caughtUp()
    expect(await viewsOf('spoilt')).toBe(1)
    expect((await run(process.execPath, [cli, ...replay], { env })).stdout).toContain('0 records replayed')
  },
)
