import { Type, type TSchema } from 'typebox'
import { DeadLetterRecordSchema } from './dead-letters.ts'
import { EventSchema } from './events.ts'
import { batchEventSchemas } from './ingestion.ts'
import { ItemSchema } from './items.ts'
import { SentimentRecordSchema, TextLabelRecordSchema } from './labelled-texts.ts'
import { ModelAliasChangeSchema } from './models.ts'
import { ExposureSchema } from './recommendations.ts'
import { inboxTopic, topics, type TopicDescription } from './topics.ts'

/** A topic as those outside the platform may use it. */
export interface PublicTopic extends TopicDescription {
  /** Name of the channel in the document. */
  readonly channel: string
  readonly use: 'read' | 'produce'
  /** What a record is. */
  readonly summary: string
  /** What stands in its key. */
  readonly key: string
  readonly payload: TSchema
  /** A record without a value deletes what stands under its key. */
  readonly hasTombstones: boolean
}

const read = (channel: keyof typeof topics, more: Pick<PublicTopic, 'summary' | 'key' | 'payload'>): PublicTopic => ({
  ...topics[channel],
  ...more,
  channel,
  use: 'read',
  hasTombstones: topics[channel].cleanup === 'compact',
})

const placeKey = '`<topic>/<partition>/<offset>` of the record that could not be processed'

/** The topics that others may read from, and the one that they may produce to. */
export const publicTopics: readonly PublicTopic[] = [
  {
    ...inboxTopic('{tenant}'),
    channel: 'inbox',
    use: 'produce',
    summary: 'An event for a tenant, as an element of `batch` in `POST /v1/batch`.',
    key: 'free; the visitor’s id keeps a visitor’s events in order',
    payload: Type.Union([...batchEventSchemas]),
    hasTombstones: false,
  },
  read('events', {
    summary: 'An event that was accepted.',
    key: '`<tenant>/u:<userId>`, or `<tenant>/a:<anonymousId>` without a userId',
    payload: EventSchema,
  }),
  read('items', {
    summary: 'A version of an item of the catalogue, whole.',
    key: '`<tenant>/<item id>`',
    payload: ItemSchema,
  }),
  read('exposures', {
    summary: 'What was recommended to whom, in which order and why.',
    key: '`<tenant>/u:<userId>`, `<tenant>/a:<anonymousId>`, or `<tenant>/r:<recommendationId>`',
    payload: ExposureSchema,
  }),
  read('sentiments', {
    summary: 'How a text in an event speaks of things.',
    key: 'the event’s',
    payload: SentimentRecordSchema,
  }),
  read('textLabels', {
    summary: 'The label of a text in an event, by the tenant’s own labels.',
    key: 'the event’s',
    payload: TextLabelRecordSchema,
  }),
  read('models', {
    summary: 'An alias of a model has moved to another version.',
    key: '`<tenant>/<model>/<alias>`',
    payload: ModelAliasChangeSchema,
  }),
  read('eventsDeadLetters', {
    summary: 'A record of the events’ topic or of an inbox that could not be processed.',
    key: placeKey,
    payload: DeadLetterRecordSchema,
  }),
]

/** The topics as an AsyncAPI 3.0 document, for those who read from them or produce to them. */
export function describeTopics({ title, version }: { title: string; version: string }): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title,
      version,
      description:
        'Topics of the platform’s Kafka. Values are JSON in UTF-8. Operations are the platform’s: what it sends others may read, what it receives others may produce. All other topics of the name `rapport.…` are its own.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(publicTopics.map((topic) => [topic.channel, channelOf(topic)])),
    operations: Object.fromEntries(publicTopics.map(operationOf)),
    components: { messages: Object.fromEntries(publicTopics.map((topic) => [topic.channel, messageOf(topic)])) },
  }
}

function channelOf({ channel, name, summary, partitions, ...topic }: PublicTopic): object {
  const { cleanup, retentionMs, retentionBytes } = topic
  return {
    address: name,
    description: summary,
    messages: { [channel]: { $ref: `#/components/messages/${channel}` } },
    ...(name.includes('{tenant}') ? { parameters: { tenant: { description: 'Name of the tenant.' } } } : {}),
    bindings: {
      kafka: {
        ...(name.includes('{tenant}') ? {} : { topic: name }),
        partitions,
        topicConfiguration: {
          'cleanup.policy': [cleanup],
          ...(retentionMs === undefined ? {} : { 'retention.ms': retentionMs }),
          ...(retentionBytes === undefined ? {} : { 'retention.bytes': retentionBytes }),
        },
        bindingVersion: '0.5.0',
      },
    },
  }
}

function operationOf({ channel, use, summary }: PublicTopic): [string, object] {
  const action = use === 'read' ? 'send' : 'receive'
  return [`${action}-${channel}`, { action, summary, channel: { $ref: `#/channels/${channel}` } }]
}

const messageOf = ({ channel, summary, key, payload, hasTombstones }: PublicTopic): object => ({
  name: channel,
  summary,
  payload: hasTombstones ? Type.Union([payload, Type.Null()]) : payload,
  bindings: { kafka: { key: { type: 'string', description: key }, bindingVersion: '0.5.0' } },
})
