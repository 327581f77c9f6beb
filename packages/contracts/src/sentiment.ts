import { Type, type Static } from 'typebox'
import {
  ExplainTextSchema,
  TextDocumentErrorSchema,
  TextDocumentSchema,
  TextExplanationSchema,
  textLimits,
  TextOptionsSchema,
  TextResultSchema,
} from './text-classification.ts'

const closed = { additionalProperties: false } as const

/** Model that analyzes when a request names none. */
export const defaultSentimentModelName = 'sentiment'
/** Labels of sentiment models, in the order of their classes; some models have no `neutral`. */
export const sentimentLabels = ['negative', 'neutral', 'positive'] as const
export type SentimentLabel = (typeof sentimentLabels)[number]

/** Bounds of an analysis, beside those of a call that `textLimits` has. */
export const sentimentLimits = {
  /** Of a document; what is beyond belongs to the last. */
  sentences: 1_000,
  /** Of all documents of a call that is no stream: its answer is 12 MB then. */
  callSentences: 50_000,
  /** A sentence is clearly positive or negative from this probability on… */
  clearProbability: 0.7,
  /** …when its odds are so many times those of a text that says nothing to the model. */
  clearOddsRatio: 2,
} as const

const { model, version, threshold } = TextOptionsSchema.properties
/** How documents are analyzed: the query of a stream, or of a call whose body says nothing else. */
export const SentimentOptionsSchema = Type.Object({ model, version, threshold }, closed)
export type SentimentOptions = Static<typeof SentimentOptionsSchema>

/** `POST /v1/sentiment/analyze`. */
export const AnalyzeSentimentsSchema = Type.Object(
  {
    ...SentimentOptionsSchema.properties,
    documents: Type.Array(TextDocumentSchema, {
      minItems: 1,
      description: `At most ${textLimits.documents}, or ${textLimits.explainedDocuments} with \`explain\`; more are 413.`,
    }),
    explain: Type.Optional(ExplainTextSchema),
  },
  {
    ...closed,
    examples: [
      {
        documents: [
          { id: 'r1', text: 'It came late, and the box was open.' },
          { id: 'r2', text: '质量很好' },
        ],
      },
    ],
  },
)
export type AnalyzeSentiments = Static<typeof AnalyzeSentimentsSchema>

const ScoresSchema = Type.Array(
  Type.Object({ label: Type.Enum(sentimentLabels), probability: Type.Number() }, closed),
  { description: 'Calibrated probabilities of all labels of the model, best first; they sum to 1.' },
)

const offset = (unit: string) => Type.Integer({ minimum: 0, description: `In ${unit} of the text as it was sent.` })
const unit = 'UTF-16 code units (JavaScript, Java)'
const codePoint = 'Unicode code points (Python, Go runes)'

export const SentenceSentimentSchema = Type.Object(
  {
    start: offset(unit),
    end: offset(unit),
    startCodePoint: offset(codePoint),
    endCodePoint: offset(codePoint),
    label: Type.Enum(sentimentLabels),
    scores: ScoresSchema,
  },
  closed,
)
export type SentenceSentiment = Static<typeof SentenceSentimentSchema>

const { id, language, modelVersion, isUncertain, isStarter, explanationError } = TextResultSchema.properties

export const SentimentResultSchema = Type.Object(
  {
    id,
    label: Type.Enum([...sentimentLabels, 'mixed'], {
      description: `The most probable label; \`mixed\` where at least one sentence is clearly positive and another clearly negative: with a
probability of at least ${sentimentLimits.clearProbability} and at least ${sentimentLimits.clearOddsRatio} times the odds that the model gives a text that says nothing to it.`,
    }),
    scores: ScoresSchema,
    sentences: Type.Array(SentenceSentimentSchema, {
      description: `In the order of the text, at most ${sentimentLimits.sentences}: what is beyond belongs to the last. Marks and emoji on their own belong to the sentence before them.`,
    }),
    language,
    modelVersion,
    isUncertain,
    isStarter,
    explanation: Type.Optional(TextExplanationSchema),
    explanationError,
  },
  closed,
)
export type SentimentResult = Static<typeof SentimentResultSchema>

export const AnalyzeSentimentsAnswerSchema = Type.Object(
  {
    results: Type.Array(SentimentResultSchema, {
      description: 'In the order of the documents, without those in `errors`.',
    }),
    errors: Type.Array(TextDocumentErrorSchema, { description: 'In the order of the documents.' }),
  },
  { ...closed, $id: 'AnalyzedSentiments' },
)
export type AnalyzeSentimentsAnswer = Static<typeof AnalyzeSentimentsAnswerSchema>
