import { SentimentRecordSchema, topics } from '@rapport/contracts'
import { textEvent } from '@rapport/text-serving/testing'
import { Value } from 'typebox/value'
import { expect, it } from 'vitest'
import { TestDesk, trainSentiments } from './testing.ts'

it('finds the sentiment of reviews as they come, mixed where their sentences disagree', async () => {
  await using desk = await TestDesk.open()
  await desk.publish({ version: 'v1', data: await trainSentiments() })
  await desk.service.startConsuming()
  await desk.publishEvents([
    textEvent({ review: '质量太差', rating: 1 }),
    textEvent({ review: '质量很好。It broke at once.' }, { userId: 'bob' }),
  ])
  const records = await desk.records(topics.sentiments.name, 2)
  const of = (key: string) => records.find((record) => record.key === key)?.value
  expect(of('shop/u:ada')).toMatchObject({ label: 'negative', rating: 1, itemId: 'tea', model: 'sentiment' })
  expect(of('shop/u:bob')).toMatchObject({ label: 'mixed', language: 'mixed' })
  for (const { value } of records) expect(Value.Check(SentimentRecordSchema, value)).toBe(true)
  expect((await desk.request('GET', '/v1/sentiment/rules')).json()).toMatchObject({ revision: 0 })
})
