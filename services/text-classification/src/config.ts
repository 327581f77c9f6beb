import type { TextServingConfig } from '@rapport/text-serving'
import { Type, type Static } from 'typebox'

/** Knobs of the text-classification service. */
export const TextClassificationConfigSchema = Type.Object({
  RAPPORT_TEXT_MODEL_BYTES: Type.Integer({
    minimum: 1024 ** 2,
    default: 512 * 1024 ** 2,
    description: 'Memory for loaded text models, in bytes; the least recently used goes first.',
  }),
  RAPPORT_TEXT_MODEL_POLL_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3_600,
    default: 30,
    description:
      'How often the aliases of the text models in use are read, whatever is announced, and the rules for texts of events.',
  }),
  RAPPORT_TEXT_TRIAL_BYTES: Type.Integer({
    minimum: 0,
    default: 128 * 1024 ** 2,
    description:
      'Memory for challengers, in bytes, and as much for shadow versions, whose labels are counted and shown to nobody; 0 has neither.',
  }),
  RAPPORT_TEXT_EXPLAIN_TIMEOUT_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 10_000,
    description: 'How long the explanations of a call may take together; documents after that are answered without.',
  }),
})

export type TextClassificationConfig = TextServingConfig

export const toTextClassificationConfig = (
  variables: Static<typeof TextClassificationConfigSchema>,
): TextClassificationConfig => ({
  modelBytes: variables.RAPPORT_TEXT_MODEL_BYTES,
  modelPollMs: variables.RAPPORT_TEXT_MODEL_POLL_SECONDS * 1000,
  trialBytes: variables.RAPPORT_TEXT_TRIAL_BYTES,
  explainTimeoutMs: variables.RAPPORT_TEXT_EXPLAIN_TIMEOUT_MS,
})
