import { deadLetterKey, deadLetterTopicOf, topics, type DeadLetterRecord } from '@rapport/contracts'
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
  expect(await list('?topic=items')).toEqual({ deadLetters: [] })
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
  expect((await replay({ code: 'RPT_A_B' })).json()).toEqual({ replayed: 1 })
  expect((await list()).deadLetters).toMatchObject([{ code: 'RPT_X_Y' }])
  expect((await replay({ offsets: [7], topic: 'events' })).json()).toEqual({ replayed: 0 })
  expect((await replay({})).json()).toEqual({ replayed: 1 })
  expect((await replay({})).json()).toEqual({ replayed: 0 })
  const records = await running.records(topics.events.name)
  expect(records).toMatchObject([
    { key: 'shop/u:ada', headers: { trace: '1' } },
    { key: 'shop/u:ada', headers: { trace: '1' } },
  ])
  expect(await running.events()).toEqual([event, event])
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
  expect((await replay({})).json()).toEqual({ replayed: 1 })
})

it('needs the scope of operators, and knows its fields', async () => {
  expect((await replay({}, running.readerKey)).statusCode).toBe(403)
  expect((await replay({ offset: 1 })).statusCode).toBe(400)
})
