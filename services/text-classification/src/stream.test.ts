import {
  defaultTextRules,
  eventKey,
  ingestionLimits,
  TextLabelRecordSchema,
  textRulesKey,
  topics,
  type TextLabelRecord,
} from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { TextClassifierData } from '@rapport/text-models'
import { textEvent } from '@rapport/text-serving/testing'
import { Value } from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TestDesk, trainTopics } from './testing.ts'

let desk: TestDesk
let data: TextClassifierData
beforeEach(async () => {
  desk = await TestDesk.open({ modelPollMs: 20 })
  data = await trainTopics()
})
afterEach(() => desk[Symbol.asyncDispose]())

const topic = topics.textLabels.name
const labels = async (count: number) =>
  (await desk.records(topic, count)) as readonly { readonly key: string; readonly value: TextLabelRecord }[]
const counted = (outcome: string, count: number) =>
  vi.waitFor(async () =>
    expect(await desk.metric('rapport_text_stream_texts_total')).toContain(`{outcome="${outcome}"} ${count}`),
  )

describe('texts of events', () => {
  it('are labelled and published under the key of the event, without the text', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.service.startConsuming()
    const review = textEvent({ review: '我要退款', rating: 2 })
    const ticket = textEvent({ subject: 'hello', body: 'where is my package' }, { event: 'Support Ticket Created' })
    await desk.publishEvents([textEvent({}, { event: 'Product Viewed' }), review, ticket])
    const [ofReview, ofTicket] = await labels(2)
    expect(ofReview).toMatchObject({
      key: 'shop/u:ada',
      value: {
        messageId: `${review.messageId}#review`,
        sourceMessageId: review.messageId,
        tenant: 'shop',
        userId: 'ada',
        event: 'Product Reviewed',
        rule: 'review',
        itemId: 'tea',
        rating: 2,
        label: 'refund',
        language: 'zh',
        model: 'text',
        modelVersion: 'v1',
        timestamp: review.timestamp,
        receivedAt: review.receivedAt,
      },
    })
    expect(ofTicket?.value).toMatchObject({ messageId: `${ticket.messageId}#ticket`, label: 'delivery' })
    expect(ofReview?.value.scores.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5)
    expect(Value.Check(TextLabelRecordSchema, ofReview?.value)).toBe(true)
    expect(JSON.stringify([ofReview, ofTicket])).not.toMatch(/退款|package/)
    await counted('labelled', 2)
  })

  it('have the same messageId when they are labelled again, by another model too', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.service.startConsuming()
    const review = textEvent({ review: '我要退款' })
    await desk.publishEvents([review])
    await labels(1)
    await desk.publish({ version: 'v2', data })
    await desk.serves('v2')
    await desk.publishEvents([review])
    const twice = (await labels(2)).map(({ value }) => [value.messageId, value.modelVersion])
    expect(twice).toEqual([
      [`${review.messageId}#review`, 'v1'],
      [`${review.messageId}#review`, 'v2'],
    ])
  })

  it('of a tenant without a model that can serve are passed over, and those of others are not held up', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.publish({ version: 'v1', data, tenant: 'broken', files: new Map() })
    await desk.service.startConsuming()
    const review = { review: '我要退款' }
    await desk.publishEvents([
      textEvent(review, { tenant: 'new' }),
      textEvent(review, { tenant: 'broken' }),
      textEvent(review),
    ])
    expect(await labels(1)).toHaveLength(1)
    await counted('no model', 1)
    await counted('model refused', 1)
  })

  it('are none where the feature service refuses the event: under a foreign key, or too large', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.publish({ version: 'v1', data, tenant: 'other' })
    await desk.service.startConsuming()
    const review = { review: '我要退款' }
    const [first, last] = [textEvent(review), textEvent(review)]
    const large = textEvent({ ...review, more: 'x'.repeat(ingestionLimits.storedEventBytes) })
    const others = [textEvent(review, { userId: 'bob' }), textEvent(review, { tenant: 'other' }), large]
    // Under one key they stand in one partition, and come in this order.
    await desk.platform.drivers.eventLog.publish(
      [first, ...others, last].map((event) => ({
        topic: topics.events.name,
        key: eventKey(first),
        value: Buffer.from(JSON.stringify(event)),
      })),
    )
    expect((await labels(2)).map(({ value }) => value.sourceMessageId)).toEqual([first.messageId, last.messageId])
    await counted('labelled', 2)
    expect(await desk.records(topics.eventsDeadLetters.name, 0)).toEqual([])
  })

  it('wait while the rules or the model cannot be read, and are labelled then', async () => {
    const { objectStore } = desk.platform.drivers
    await desk.publish({ version: 'v1', data })
    const real = objectStore.get.bind(objectStore)
    const get = vi
      .spyOn(objectStore, 'get')
      .mockRejectedValue(new RapportError('RPT_TEST_AWAY', 'away', { canRetry: true }))
    await desk.service.startConsuming()
    await desk.publishEvents([textEvent({ review: '我要退款' })])
    await vi.waitFor(async () =>
      expect(await desk.metric('rapport_text_stream_failures_total')).toMatch(/kind="environment error"\} [1-9]/),
    )
    get.mockImplementation(real)
    expect(await labels(1)).toHaveLength(1)
  })
})

describe('/v1/text/rules', () => {
  const rule = { name: 'note', event: 'Note Written', properties: ['text'] }

  it('says which texts are labelled, each revision once', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.service.startConsuming()
    const builtIn = await desk.request('GET', '/v1/text/rules')
    expect(builtIn.json()).toEqual({ revision: 0, rules: defaultTextRules })
    const body = { revision: 0, rules: [rule] }
    const replaced = await desk.request('PUT', '/v1/text/rules', body)
    expect([replaced.statusCode, replaced.json()]).toEqual([200, { revision: 1, rules: [rule] }])
    const again = await desk.request('PUT', '/v1/text/rules', body)
    expect([again.statusCode, again.json().error.code]).toEqual([409, 'RPT_TEXT_RULES_REVISION'])
    expect((await desk.request('GET', '/v1/text/rules')).json().revision).toBe(1)
    await desk.publishEvents([
      textEvent({ review: '我要退款' }),
      textEvent({ text: '我要退款' }, { event: 'Note Written' }),
    ])
    const [label, ...others] = await labels(1)
    expect(label?.value).toMatchObject({ rule: 'note', event: 'Note Written' })
    expect(others).toEqual([])
  })

  it('refuses two rules of one name, and what is no rule', async () => {
    const twice = await desk.request('PUT', '/v1/text/rules', { revision: 0, rules: [rule, rule] })
    expect([twice.statusCode, twice.json().error]).toMatchObject([
      400,
      { code: 'RPT_TEXT_RULE_NAME', details: [{ field: 'rules[1].name' }] },
    ])
    const none = await desk.request('PUT', '/v1/text/rules', { revision: 0, rules: [{ ...rule, properties: [] }] })
    expect(none.statusCode).toBe(400)
  })

  it('label nothing while the document is none, and block nobody', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.publish({ version: 'v1', data, tenant: 'other' })
    await desk.platform.drivers.objectStore.put(textRulesKey('shop', 'text-classification'), Buffer.from('no'))
    await desk.service.startConsuming()
    const review = { review: '我要退款' }
    await desk.publishEvents([textEvent(review), textEvent(review, { tenant: 'other' })])
    expect((await labels(1)).map(({ value }) => value.tenant)).toEqual(['other'])
    expect((await desk.request('GET', '/v1/text/rules')).statusCode).toBe(500)
    expect(await desk.records(topics.eventsDeadLetters.name, 0)).toEqual([])
  })
})
