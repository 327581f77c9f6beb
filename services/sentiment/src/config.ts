import type { TextServingConfig } from '@rapport/text-serving'
import { Type, type Static } from 'typebox'

/** Knobs of the sentiment service. */
export const SentimentConfigSchema = Type.Object({
  RAPPORT_SENTIMENT_MODEL_BYTES: Type.Integer({
    minimum: 1024 ** 2,
    default: 512 * 1024 ** 2,
    description: 'Memory for loaded sentiment models, in bytes; the least recently used goes first.',
  }),
  RAPPORT_SENTIMENT_MODEL_POLL_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3_600,
    default: 30,
    description:
      'How often the aliases of the sentiment models in use are read, whatever is announced, and the rules for texts of events.',
  }),
  RAPPORT_SENTIMENT_TRIAL_BYTES: Type.Integer({
    minimum: 0,
    default: 128 * 1024 ** 2,
    description:
      'Memory for challengers, in bytes, and as much for shadow versions, whose labels are counted and shown to nobody; 0 has neither.',
  }),
  RAPPORT_SENTIMENT_EXPLAIN_TIMEOUT_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 10_000,
    description: 'How long the explanations of a call may take together; documents after that are answered without.',
  }),
})

export type SentimentConfig = TextServingConfig

export const toSentimentConfig = (variables: Static<typeof SentimentConfigSchema>): SentimentConfig => ({
  modelBytes: variables.RAPPORT_SENTIMENT_MODEL_BYTES,
  modelPollMs: variables.RAPPORT_SENTIMENT_MODEL_POLL_SECONDS * 1000,
  trialBytes: variables.RAPPORT_SENTIMENT_TRIAL_BYTES,
  explainTimeoutMs: variables.RAPPORT_SENTIMENT_EXPLAIN_TIMEOUT_MS,
})
