import { deadLetterKey, deadLetterTopicOf, inboxTopic, topics, type DeadLetterRecord } from '@rapport/contracts'
import { PublishError } from '@rapport/messaging'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { override } from '../testing/override.ts'
import { startIngestion, type RunningIngestion } from '../testing/start-ingestion.ts'

let running: RunningIngestion
beforeEach(async () => {
  running = await startIngestion()
})
afterEach(() => running[Symbol.asyncDispose]())

const event = { messageId: 'm1', tenant: 'shop', type: 'track' }
const bury = async (letters: readonly Partial<DeadLetterRecord>[]) => {
  const topic = deadLetterTopicOf(topics.events.name)
  const records = letters.map((letter, index) => {
    const body: DeadLetterRecord = {
      topic: topics.events.name,
      partition: 0,
      offset: index,
      key: 'shop/u:ada',
      value: Buffer.from(JSON.stringify(event)).toString('base64'),
      headers: { trace: '1' },
      code: 'RPT_X_Y',
      message: 'no',
      group: 'features',
      failedAt: '2026-03-01T12:00:00.000Z',
      ...letter,
    }
    return { topic, key: deadLetterKey(body), value: Buffer.from(JSON.stringify(body)) }
  })
  await running.eventLog.publish(records)
}
interface Page {
  deadLetters: { offset: number; code: string; value?: unknown; valueBase64?: string }[]
  next?: number
}
const list = async (query = '', key = running.key) =>
  (
    await running.app.inject({ method: 'GET', url: `/v1/dead-letters${query}`, headers: { 'x-api-key': key } })
  ).json<Page>()
const replay = (payload: object, key = running.key) =>
  running.app.inject({ method: 'POST', url: '/v1/dead-letters/replay', payload, headers: { 'x-api-key': key } })

it('shows the letters of the tenant page by page', async () => {
  await bury([{}, { key: 'other/u:ada' }, { value: Buffer.from('no JSON').toString('base64') }, { value: null }])
  const first = await list('?limit=2')
  expect(first).toMatchObject({
    deadLetters: [
      { offset: 0, value: event },
      { offset: 2, valueBase64: expect.any(String) as string },
    ],
    next: 2,
  })
  expect(await list(`?limit=2&after=${first.next}`)).toEqual({ deadLetters: [expect.objectContaining({ offset: 3 })] })
  expect((await list('', running.otherKey)).deadLetters).toMatchObject([{ offset: 1 }])
})

it('leaves out what is no letter', async () => {
  await running.eventLog.publish([
    { topic: deadLetterTopicOf(topics.events.name), key: 'alien', value: Buffer.from('{"no') },
  ])
  await bury([{}])
  expect((await list()).deadLetters).toMatchObject([{ offset: 1 }])
})

it('replays each letter once, to its topic and under its key', async () => {
  await bury([{}, { code: 'RPT_A_B' }, { key: 'other/u:ada' }])
  expect((await replay({ code: 'RPT_A_B' })).json()).toEqual({ replayed: 1, refusedCount: 0, refused: [] })
  expect((await list()).deadLetters).toMatchObject([{ code: 'RPT_X_Y' }])
  expect((await replay({ offsets: [7], topic: 'events' })).json()).toEqual({
    replayed: 0,
    refusedCount: 0,
    refused: [],
  })
  expect((await replay({})).json()).toEqual({ replayed: 1, refusedCount: 0, refused: [] })
  expect((await replay({})).json()).toEqual({ replayed: 0, refusedCount: 0, refused: [] })
  const records = await running.records(topics.events.name)
  expect(records).toMatchObject([
    { key: 'shop/u:ada', headers: { trace: '1' } },
    { key: 'shop/u:ada', headers: { trace: '1' } },
  ])
  expect(await running.events()).toEqual([event, event])
})

it('names the letters that no topic takes again, and replays those beside them', async () => {
  const large = Buffer.alloc(1024 * 1024 + 1, '{').toString('base64')
  const truncated = { keyBytes: 10, valueBytes: 5_000_000, headersBytes: 0, valueSha256: 'ab' }
  await bury([{}, { value: large }, {}, { key: `shop/u:${'k'.repeat(8 * 1024)}` }, { truncated }, {}])
  await running.eventLog.publish([
    { topic: deadLetterTopicOf(topics.events.name), key: 'alien', value: Buffer.from('{"no') },
  ])
  const answer = await replay({})
  expect(answer.statusCode).toBe(200)
  const at = (offset: number) => ({
    topic: 'events',
    offset,
    source: { topic: topics.events.name, partition: 0, offset },
  })
  expect(answer.json()).toEqual({
    replayed: 3,
    refusedCount: 3,
    refused: [
      {
        ...at(4),
        code: 'RPT_REPLAY_TRUNCATED',
        reason: expect.stringMatching(/5000000 bytes of value.*rapport\.events\.v1\/0\/4 while/) as string,
      },
      { ...at(1), code: 'RPT_REPLAY_TOO_LARGE', reason: expect.stringContaining('1048576 bytes') as string },
      { ...at(3), code: 'RPT_REPLAY_TOO_LARGE', reason: expect.stringContaining('8192 bytes') as string },
    ],
  })
  expect(await running.events()).toEqual([event, event, event])
  expect((await list()).deadLetters.map(({ offset }) => offset)).toEqual([1, 3, 4])
  expect((await replay({})).json()).toMatchObject({ replayed: 0, refusedCount: 3 })
})

it('a letter of an inbox that is no more is refused by name', async () => {
  await bury([{ topic: inboxTopic('shop').name, key: '' }, {}])
  expect((await replay({})).json()).toMatchObject({
    replayed: 1,
    refused: [{ offset: 0, source: { topic: inboxTopic('shop').name }, code: 'RPT_REPLAY_UNKNOWN_TOPIC' }],
  })
})

it('shows the bytes of a key that is no text, and what a letter lacks', async () => {
  const truncated = { keyBytes: 700_000, valueBytes: 10, headersBytes: 0, valueSha256: 'ab' }
  await bury([{ keyBase64: 'c2hvcC//' }, { truncated }])
  expect((await list()).deadLetters).toMatchObject([{ keyBase64: 'c2hvcC//' }, { truncated }])
})

it('keeps a letter whose replay was not confirmed', async () => {
  let isDown = true
  await running[Symbol.asyncDispose]()
  running = await startIngestion({
    wrapEventLog: (eventLog) =>
      override(eventLog, {
        publish: (records) =>
          isDown
            ? Promise.reject(PublishError.unknown('commit failed', 'the disk is full'))
            : eventLog.publish(records),
      }),
  })
  await bury([{}])
  expect((await replay({})).statusCode).toBe(503)
  isDown = false
  expect((await list()).deadLetters).toHaveLength(1)
  expect((await replay({})).json()).toEqual({ replayed: 1, refusedCount: 0, refused: [] })
})

it('needs the scope of operators, and knows its fields', async () => {
  expect((await replay({}, running.readerKey)).statusCode).toBe(403)
  expect((await replay({ offset: 1 })).statusCode).toBe(400)
})
