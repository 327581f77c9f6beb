import { accessKey, inboxTopic, topics, type DeadLetterRecord, type TenantAccess } from '@rapport/contracts'
import { PublishError, readDeadLetter, type EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { override } from '../testing/override.ts'
import { startIngestion, type RunningIngestion, type StartOptions } from '../testing/start-ingestion.ts'

let running: RunningIngestion
afterEach(() => running[Symbol.asyncDispose]())

const start = async (options: StartOptions = {}): Promise<void> => {
  running = await startIngestion({ inboxTenants: ['shop', 'other'], ...options })
}
const topic = inboxTopic('shop').name
const produce = (value: object | string | null, key = 'any'): Promise<unknown> => {
  const bytes = value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return running.eventLog.publish([{ topic, key, value: bytes }])
}
const viewed = { type: 'track', event: 'Product Viewed', userId: 'ada', properties: { product_id: 'tea' } }
const letters = async (): Promise<DeadLetterRecord[]> =>
  (await running.records(topics.eventsDeadLetters.name)).flatMap((record) => readDeadLetter(record) ?? [])

describe('an inbox', () => {
  it('is taken as if it had been posted, under the tenant of its name and the key of its visitor', async () => {
    await start()
    await produce({ ...viewed, messageId: 'm1', tenant: 'other', timestamp: '2026-01-02T03:04:05.000Z' })
    await running.consume()
    await vi.waitFor(async () => expect(await running.events()).toHaveLength(1))
    const [record] = await running.records(topics.events.name)
    expect(record?.key).toBe('shop/u:ada')
    expect(await running.events()).toMatchObject([
      { ...viewed, messageId: 'm1', tenant: 'shop', source: 'inbox', timestamp: '2026-01-02T03:04:05.000Z' },
    ])
    expect(await running.metric('rapport_events_accepted_total', { route: 'inbox' })).toBe(1)
  })

  it('gives a record without a messageId the same one each time it is delivered', async () => {
    const published: string[] = []
    let failures = 1
    const failing = (log: EventLog): EventLog =>
      override(log, {
        publish: async (records, options) => {
          const positions = await log.publish(records, options)
          if (records[0]?.topic !== topics.events.name) return positions
          published.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
          if (failures-- > 0) throw PublishError.unknown('connection lost', 'nobody knows')
          return positions
        },
      })
    await start({ wrapEventLog: failing })
    await produce(viewed)
    await running.consume()
    await vi.waitFor(() => expect(published).toHaveLength(2), { timeout: 5_000 })
    expect(published[0]).toBe(published[1])
    expect(JSON.parse(published[0] ?? '')).toMatchObject({
      messageId: expect.stringMatching(/^rapport\.inbox\.shop\.v1\/\d\/0$/) as string,
    })
  })

  it('sends what is no event to the dead letters with its place and the reason, and takes its neighbours', async () => {
    await start()
    await produce('{"no')
    await produce({ ...viewed, type: 'shout' })
    await produce({ ...viewed, properties: { text: 'x'.repeat(40_000) } })
    await produce(null)
    await produce(viewed)
    await running.consume()
    await vi.waitFor(async () => expect(await letters()).toHaveLength(4))
    expect((await letters()).map(({ code, message }) => `${code} ${message}`)).toEqual([
      'RPT_INBOX_MALFORMED the value is not a JSON object in UTF-8',
      'RPT_INBOX_INVALID type must be one of track, identify, page, screen, group, alias',
      'RPT_INBOX_INVALID the event is larger than 32768 bytes',
      'RPT_INBOX_MALFORMED the record has no value',
    ])
    expect(await letters()).toMatchObject([0, 1, 2, 3].map((offset) => ({ topic, offset, group: 'rapport.inbox' })))
    await vi.waitFor(async () => expect(await running.events()).toMatchObject([viewed]))
    expect(await running.metric('rapport_inbox_failures_total', { kind: 'dead letter' })).toBe(4)
  })

  it('shows its dead letters to its tenant alone, whatever their keys, and takes them back', async () => {
    await start()
    await produce({ ...viewed, type: 'shout' }, 'other/u:eve')
    await running.consume()
    await vi.waitFor(async () => expect(await letters()).toHaveLength(1))
    const list = async (key: string): Promise<number> => {
      const answer = await running.app.inject({ method: 'GET', url: '/v1/dead-letters', headers: { 'x-api-key': key } })
      return answer.json<{ deadLetters: object[] }>().deadLetters.length
    }
    expect(await list(running.otherKey)).toBe(0)
    expect(await list(running.key)).toBe(1)
    const replay = { method: 'POST', url: '/v1/dead-letters/replay', payload: {} } as const
    const answer = await running.app.inject({ ...replay, headers: { 'x-api-key': running.key } })
    expect(answer.json()).toEqual({ replayed: 1, refusedCount: 0, refused: [] })
    await vi.waitFor(async () => expect(await letters()).toMatchObject([{ offset: 0 }, { offset: 1 }]))
    expect(await list(running.key)).toBe(1)
  })

  it('leaves out what was produced when there was no such tenant, and takes what comes after', async () => {
    let createdAt: string | undefined
    let reads = 0
    const access = (objectStore: ObjectStore): ObjectStore =>
      override(objectStore, {
        get: async (key) => {
          const found = await objectStore.get(key)
          if (key !== accessKey('shop')) return found
          reads += 1
          if (found === undefined || createdAt === undefined) return undefined
          const record = { ...(JSON.parse(Buffer.from(found.body).toString()) as TenantAccess), createdAt }
          return { ...found, body: Buffer.from(JSON.stringify(record)) }
        },
      })
    await start({ wrapObjectStore: access })
    await produce({ ...viewed, messageId: 'before' })
    await running.consume()
    const leftOut = (): Promise<number> => running.metric('rapport_inbox_failures_total', { kind: 'dropped' })
    await vi.waitFor(async () => expect(await leftOut()).toBe(1))
    // A tenant of that name is made; what lies in its inbox from before is not its.
    createdAt = new Date(Date.now() + 3000).toISOString()
    await produce({ ...viewed, messageId: 'of a former tenant' })
    await vi.waitFor(async () => expect(await leftOut()).toBe(2))
    createdAt = new Date(0).toISOString()
    const before = reads
    await vi.waitFor(async () => {
      await produce({ ...viewed, messageId: 'after' })
      expect(reads).toBeGreaterThan(before)
    })
    await vi.waitFor(async () => expect(await running.events()).not.toEqual([]))
    for (const event of await running.events()) expect(event.messageId).toBe('after')
    expect(await letters()).toEqual([])
  })
})
