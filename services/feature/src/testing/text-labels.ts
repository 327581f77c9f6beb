import {
  eventKey,
  labelledMessageId,
  topics,
  type Event,
  type SentimentRecord,
  type TextLabelRecord,
} from '@rapport/contracts'
import { itemIdsOf, ratingOf } from '@rapport/features'
import type { OutgoingRecord } from '@rapport/messaging'

type Found = Pick<SentimentRecord, 'label'> & { readonly topic: string }

/** What the text services would publish of a review that is found good or bad, and about this. */
export function labelsOf(event: Event, { label, topic }: Found): readonly OutgoingRecord[] {
  const { messageId, tenant, userId, anonymousId, timestamp, receivedAt, event: name = '' } = event
  const [itemId] = itemIdsOf(event.properties)
  const rating = ratingOf(event)
  const shared: Omit<TextLabelRecord, 'label' | 'scores' | 'model'> = {
    messageId: labelledMessageId(messageId, 'review'),
    sourceMessageId: messageId,
    tenant,
    ...(userId === undefined ? {} : { userId }),
    ...(anonymousId === undefined ? {} : { anonymousId }),
    event: name,
    rule: 'review',
    ...(itemId === undefined ? {} : { itemId }),
    ...(rating === undefined ? {} : { rating }),
    language: 'en',
    modelVersion: 'v1',
    timestamp,
    receivedAt,
    version: 1,
  }
  const sentiment: SentimentRecord = { ...shared, model: 'sentiment', label, scores: [] }
  const textLabel: TextLabelRecord = { ...shared, model: 'text', label: topic, scores: [] }
  return [
    { topic: topics.sentiments.name, key: eventKey(event), value: Buffer.from(JSON.stringify(sentiment)) },
    { topic: topics.textLabels.name, key: eventKey(event), value: Buffer.from(JSON.stringify(textLabel)) },
  ]
}

/** Of the reviews among events: bad below three stars, and each about something of its own. */
export const labelsOfAll = (events: readonly Event[]): readonly OutgoingRecord[] =>
  events
    .filter(({ event, properties }) => event === 'Product Reviewed' && properties?.['review'] !== undefined)
    .flatMap((event) => {
      const rating = ratingOf(event) ?? 3
      const label = rating < 3 ? 'negative' : rating > 3 ? 'positive' : 'mixed'
      return labelsOf(event, { label, topic: rating % 2 === 0 ? 'quality' : 'delivery' })
    })
