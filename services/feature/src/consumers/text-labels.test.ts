import { eventKey, labelledMessageId, topics, type DeadLetterRecord, type Event } from '@rapport/contracts'
import { createFeatureReader, readFeatureName } from '@rapport/features'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readProfile } from '../application/read-profile.ts'
import { anEvent, noonMs } from '../testing/events.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { labelsOf } from '../testing/text-labels.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

const minuteMs = 60_000
let made = 0
function aReview(item: string, rating: number, fields: Partial<Event> & { atMs?: number } = {}): Event {
  made += 1
  const properties = { product_id: item, rating }
  return anEvent({ messageId: `review-${made}`, event: 'Product Reviewed', properties, ...fields })
}

const publish = (records: ReturnType<typeof labelsOf>) => harness.dependencies.eventLog.publish(records)
const profileOf = async (userId: string) =>
  readProfile(harness.dependencies.onlineStore, { tenant: 'shop', userId }, noonMs + 60 * minuteMs)

async function featuresOf(kind: 'user' | 'item', id: string, names: readonly string[]) {
  const reader = createFeatureReader(harness.dependencies.onlineStore)
  const features = names.flatMap((name) => readFeatureName(name) ?? [])
  const asOfMs = noonMs + 60 * minuteMs
  const [values = []] = await reader({ tenant: 'shop', entities: [{ kind, id }], features, asOfMs })
  return values.map(({ value }) => value)
}

describe('what is found in texts', () => {
  it('becomes features of who wrote it and of the item', async () => {
    await harness.startConsuming()
    const good = aReview('tea', 5)
    const late = aReview('tea', 2, { atMs: noonMs + minuteMs })
    const broken = aReview('tea', 1, { atMs: noonMs + 2 * minuteMs, userId: 'u2' })
    const torn = aReview('tea', 2, { atMs: noonMs + 3 * minuteMs, userId: 'u2' })
    await harness.publish([good, late, broken, torn])
    await publish([
      ...labelsOf(good, { label: 'positive', topic: 'quality' }),
      ...labelsOf(late, { label: 'negative', topic: 'delivery' }),
      ...labelsOf(broken, { label: 'negative', topic: 'quality' }),
      ...labelsOf(torn, { label: 'negative', topic: 'quality' }),
    ])
    await harness.settled()
    const names = [
      'sentiment:24h',
      'sentiments:24h:negative',
      'lastSentiment',
      'topComplaint',
      'textLabels:24h:delivery',
    ]
    expect(await featuresOf('user', 'u1', names)).toEqual([0, 1, 'negative', 'delivery', 1])
    const ofItem = ['rating:all', 'ratings:all', 'negativeShare:7d', 'topComplaint', 'sentiment:all']
    expect(await featuresOf('item', 'tea', ofItem)).toEqual([2.5, 4, 0.75, 'quality', -0.5])
    expect(await featuresOf('item', 'pot', ['rating:all', 'topComplaint'])).toEqual([null, null])
    expect(await profileOf('u1')).toMatchObject({
      sentiments: { positive: { '24h': 1 }, negative: { '24h': 1 } },
      textLabels: { quality: { all: 1 }, delivery: { all: 1 } },
      texts: [
        { messageId: labelledMessageId(late.messageId, 'review'), sentiment: 'negative', label: 'delivery', rating: 2 },
        { itemId: 'tea', sentiment: 'positive', label: 'quality', at: '2026-03-02T12:00:00.000Z' },
      ],
    })
  })

  it('counts once however often, and by whichever model, it is found', async () => {
    await harness.startConsuming()
    const review = aReview('tea', 1)
    await publish(labelsOf(review, { label: 'negative', topic: 'quality' }))
    await publish(labelsOf(review, { label: 'positive', topic: 'praise' }))
    await harness.settled()
    expect(await featuresOf('item', 'tea', ['sentiments:all:negative', 'sentiments:all:positive'])).toEqual([1, 0])
    expect(await profileOf('u1')).toMatchObject({
      sentiments: { negative: { all: 1 } },
      textLabels: { quality: { all: 1 } },
    })
  })

  it('is that of the user once the browser that wrote it is known to be theirs', async () => {
    await harness.startConsuming()
    const { userId: _none, ...review } = aReview('tea', 1, { anonymousId: 'browser' })
    await publish(labelsOf(review, { label: 'negative', topic: 'quality' }))
    await harness.publish([anEvent({ userId: 'u1', anonymousId: 'browser' })])
    await harness.settled()
    expect(await profileOf('u1')).toMatchObject({ sentiments: { negative: { all: 1 } }, texts: [{ itemId: 'tea' }] })
  })

  it('goes to the dead letters of events where it is nothing of the sort', async () => {
    await harness.startConsuming()
    const review = aReview('tea', 1)
    const [sentiment] = labelsOf(review, { label: 'negative', topic: 'quality' })
    const change = (more: object): Buffer =>
      Buffer.from(JSON.stringify({ ...(JSON.parse(String(sentiment?.value)) as object), ...more }))
    const topic = topics.sentiments.name
    const key = eventKey(review)
    await publish([
      { topic, key, value: change({ label: 'angry' }) },
      { topic, key, value: change({ messageId: 'other' }) },
      { topic, key: 'shop/u:u2', value: change({}) },
      { topic: topics.textLabels.name, key, value: Buffer.from('no') },
    ])
    await harness.settled()
    const from = { topic: topics.eventsDeadLetters.name, partition: 0, offset: 0 }
    const letters = (await harness.dependencies.eventLog.read(from, 10)).map(
      ({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as DeadLetterRecord,
    )
    expect(letters).toHaveLength(4)
    expect(letters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'RPT_TEXT_LABEL_INVALID', message: expect.stringContaining('/label') }),
        expect.objectContaining({ code: 'RPT_TEXT_LABEL_INVALID', message: expect.stringContaining('/messageId: is') }),
        expect.objectContaining({ code: 'RPT_TEXT_LABEL_INVALID', message: expect.stringContaining("record's key") }),
        expect.objectContaining({ code: 'RPT_TEXT_LABEL_NOT_JSON' }),
      ]),
    )
    expect(await profileOf('u1')).toBeUndefined()
  })
})
