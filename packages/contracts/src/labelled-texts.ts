import { Type, type Static } from 'typebox'
import { ModelNameSchema } from './control.ts'
import { EventSchema } from './events.ts'
import { sentimentLabels } from './sentiment.ts'
import { TextScoreSchema } from './text-classification.ts'

/** Consumer groups that label the texts of events. */
export const textClassificationGroup = 'rapport.text-classification'
export const sentimentGroup = 'rapport.sentiment'

/** Of one record; a model may know thousands of labels. */
export const mostRecordScores = 10
/** Of `messageId` of an event, `#` and a rule's name. */
const messageIdLength = 256 + 1 + 32

export const TextRuleNameSchema = Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' })

const { tenant, userId, anonymousId, timestamp, receivedAt } = EventSchema.properties

const sharedProperties = {
  /** `<messageId of the event>#<name of the rule>`: the same however often the text is labelled, by whichever model. */
  messageId: Type.String({ minLength: 1, maxLength: messageIdLength }),
  sourceMessageId: EventSchema.properties.messageId,
  tenant,
  userId,
  anonymousId,
  /** Name of the event. */
  event: Type.String({ minLength: 1, maxLength: 256 }),
  rule: TextRuleNameSchema,
  /** The item that the event names. */
  itemId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** Of the event, as it stands there. */
  rating: Type.Optional(Type.Number()),
  /** Detected: `zh`, `en`, `mixed` or `other`. */
  language: Type.String(),
  model: ModelNameSchema,
  modelVersion: Type.String(),
  /** Those of the event. */
  timestamp,
  receivedAt,
  version: Type.Literal(1),
}

/** A record of `rapport.text-labels.v1`: the label of a text in an event. The text itself stays where it was. Its key is the event's. */
export const TextLabelRecordSchema = Type.Object({
  ...sharedProperties,
  label: Type.String({ minLength: 1 }),
  /** Calibrated probabilities, best first: of all labels, or of the ten best. */
  scores: Type.Array(TextScoreSchema, { maxItems: mostRecordScores }),
})
export type TextLabelRecord = Static<typeof TextLabelRecordSchema>

/** Sentiments of whole texts. */
export const textSentiments = [...sentimentLabels, 'mixed'] as const
export type TextSentiment = (typeof textSentiments)[number]

/** A record of `rapport.sentiments.v1`: the sentiment of a text in an event. The text itself stays where it was. Its key is the event's. */
export const SentimentRecordSchema = Type.Object({
  ...sharedProperties,
  /** The most probable label, or `mixed` where sentences disagree. */
  label: Type.Enum(textSentiments),
  scores: Type.Array(Type.Object({ label: Type.Enum(sentimentLabels), probability: Type.Number() })),
})
export type SentimentRecord = Static<typeof SentimentRecordSchema>

/** The `messageId` of what a rule finds in an event. */
export const labelledMessageId = (sourceMessageId: string, rule: string): string => `${sourceMessageId}#${rule}`
