import { Type, type Static } from 'typebox'
import { ModelNameSchema, ModelVersionNameSchema } from './control.ts'
import { ModelManifestSchema, StarterCardSchema } from './models.ts'

const closed = { additionalProperties: false } as const

/** Model that classifies when a request names none. */
export const defaultTextModelName = 'text'
/** Tasks of models that classify texts. */
export const textModelTasks = ['text-classification', 'sentiment'] as const
export type TextModelTask = (typeof textModelTasks)[number]

/** Bounds of a call. Characters are Unicode code points. */
export const textLimits = {
  /** Of one call; a stream has any number. */
  documents: 1_000,
  /** Of one call that is no stream, and of one line of a stream. */
  bodyBytes: 1024 ** 2,
  textCharacters: 100_000,
  /** Of one call in which documents are explained. */
  explainedDocuments: 20,
  explainedCharacters: 10_000,
  /** Versions of a text that LIME looks at. */
  explanationSamples: 5_000,
} as const

export const TextDocumentSchema = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 256, description: 'The answer names the document by it.' }),
    text: Type.String({
      description: `At most ${textLimits.textCharacters} characters, not white space alone; lone surrogates count as U+FFFD.`,
    }),
    language: Type.Optional(
      Type.String({ minLength: 1, maxLength: 35, description: 'What the answer says instead of what is detected.' }),
    ),
    userId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          'Whose text it is. While a challenger answers a share of the documents, all of a user are answered by one version; without it, all of the same text.',
      }),
    ),
  },
  closed,
)
export type TextDocument = Static<typeof TextDocumentSchema>

const optionProperties = {
  /** `text` when absent. */
  model: Type.Optional(ModelNameSchema),
  /** The champion when absent. */
  version: Type.Optional(ModelVersionNameSchema),
  topK: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, description: 'The best so many scores; all when absent.' }),
  ),
  threshold: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'Below it the best label is marked as uncertain.' }),
  ),
}
/** How documents are classified: the query of a stream, or of a call whose body says nothing else. */
export const TextOptionsSchema = Type.Object(optionProperties, closed)
export type TextOptions = Static<typeof TextOptionsSchema>

export const ExplainTextSchema = Type.Union([
  Type.Boolean(),
  Type.Object(
    {
      label: Type.Optional(Type.String({ description: 'The label to explain; each document’s best one when absent.' })),
      samples: Type.Optional(
        Type.Integer({
          minimum: 100,
          maximum: textLimits.explanationSamples,
          default: 1_000,
          description: 'LIME: versions of the text that the model is asked about.',
        }),
      ),
      seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, default: 1, description: 'Of LIME.' })),
    },
    closed,
  ),
])
export type ExplainText = Static<typeof ExplainTextSchema>

/** `POST /v1/text/classify`. */
export const ClassifyTextsSchema = Type.Object(
  {
    ...optionProperties,
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
export type ClassifyTexts = Static<typeof ClassifyTextsSchema>

export const TextScoreSchema = Type.Object({ label: Type.String(), probability: Type.Number() }, closed)
export type TextScore = Static<typeof TextScoreSchema>

/** Why a text got a label. */
export const TextExplanationSchema = Type.Object(
  {
    label: Type.String(),
    method: Type.Enum(['linear-shap', 'tree-shap', 'lime']),
    of: Type.Enum(['score', 'probability'], {
      description:
        'What is explained: the label’s score before calibration (SHAP; of a model of logits, what it is above the mean of all labels’), or its probability (LIME).',
    }),
    base: Type.Number({ description: 'What is left when no token is there.' }),
    value: Type.Number({ description: 'With SHAP the base and all weights, exactly; with LIME nearly.' }),
    offsets: Type.Literal('utf-16', {
      description:
        'Unit of `start` and `end`: UTF-16 code units of the text as it was sent, as in JavaScript and Java.',
    }),
    tokens: Type.Array(
      Type.Object(
        {
          text: Type.String(),
          start: Type.Integer({ minimum: 0 }),
          end: Type.Integer({ minimum: 0 }),
          weight: Type.Number(),
        },
        closed,
      ),
      { description: 'In the order of the text, those without weight too.' },
    ),
    localR2: Type.Optional(
      Type.Number({ description: 'LIME: how much of the change around the text the weights account for, at most 1.' }),
    ),
  },
  closed,
)
export type TextExplanationAnswer = Static<typeof TextExplanationSchema>

const problemProperties = { code: Type.String(), message: Type.String() }

export const TextResultSchema = Type.Object(
  {
    id: Type.String(),
    label: Type.String({ description: 'The most probable label.' }),
    labels: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Of a model that gives a text any number of labels: those with a probability of at least one half, best first.',
      }),
    ),
    scores: Type.Array(TextScoreSchema, {
      description:
        'Calibrated probabilities, best first: all labels, which sum to 1 (where labels do not exclude each other, each has its own), or the `topK` best.',
    }),
    language: Type.String({ description: 'As sent, or detected: `zh`, `en`, `mixed` or `other`.' }),
    modelVersion: Type.String(),
    isUncertain: Type.Optional(Type.Literal(true, { description: 'The best probability is below `threshold`.' })),
    isStarter: Type.Optional(
      Type.Literal(true, {
        description: 'By a starter model, which came with the release: the tenant has trained none of the name yet.',
      }),
    ),
    explanation: Type.Optional(TextExplanationSchema),
    explanationError: Type.Optional(
      Type.Object(problemProperties, { ...closed, description: 'Why there is no explanation; the label stands.' }),
    ),
  },
  closed,
)
export type TextResult = Static<typeof TextResultSchema>

/** A document that could not be classified: `RPT_TEXT_EMPTY`, `RPT_TEXT_TOO_LONG` or `RPT_TEXT_DUPLICATE_ID`. */
export const TextDocumentErrorSchema = Type.Object({ id: Type.String(), ...problemProperties }, closed)
export type TextDocumentError = Static<typeof TextDocumentErrorSchema>

export const ClassifyTextsAnswerSchema = Type.Object(
  {
    results: Type.Array(TextResultSchema, { description: 'In the order of the documents, without those in `errors`.' }),
    errors: Type.Array(TextDocumentErrorSchema, { description: 'In the order of the documents.' }),
  },
  { ...closed, $id: 'ClassifiedTexts' },
)
export type ClassifyTextsAnswer = Static<typeof ClassifyTextsAnswerSchema>

/**
 * A line of the answer to a stream is a `TextResult`, or this: a line that was no document, a document that could not be
 * classified, or, without `line` and as the last one, why the answer ends here.
 */
export const TextStreamErrorSchema = Type.Object(
  {
    error: Type.Object(
      {
        line: Type.Optional(Type.Integer({ minimum: 1, description: 'Of the body, from 1.' })),
        id: Type.Optional(Type.String()),
        ...problemProperties,
      },
      closed,
    ),
  },
  closed,
)
export type TextStreamError = Static<typeof TextStreamErrorSchema>

/** `GET /v1/text/models` or `/v1/sentiment/models`: models that classify texts, this tenant's with a champion and the starter it falls back to. */
export const TextModelListSchema = Type.Object(
  {
    models: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          task: Type.Enum(textModelTasks),
          champion: Type.String({ description: 'The version that serves, unless it was refused.' }),
          algorithm: Type.String(),
          labels: Type.Array(Type.String()),
          multiLabel: Type.Optional(Type.Literal(true, { description: 'A text may have several labels, or none.' })),
          metrics: ModelManifestSchema.properties.metrics,
          createdAt: Type.String(),
          starter: Type.Optional(
            Type.Object(StarterCardSchema.properties, {
              ...closed,
              description:
                'Of a starter model, which serves until the tenant has trained one of the name: what it was made from. Its metrics are those of public data sets.',
            }),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type TextModelList = Static<typeof TextModelListSchema>

/** `GET …/models/{name}/monitoring`: what the versions in memory of the process that answers have said. */
export const TextMonitoringSchema = Type.Object(
  {
    model: Type.String(),
    versions: Type.Array(
      Type.Object(
        {
          version: Type.String(),
          documents: Type.Integer({ minimum: 0, description: 'Classified since the version was loaded.' }),
          uncertain: Type.Integer({ minimum: 0, description: 'Of these, below the threshold of their call.' }),
          refused: Type.Integer({ minimum: 0, description: 'Documents that could not be classified.' }),
          meanConfidence: Type.Union([Type.Number(), Type.Null()], {
            description: 'Mean of the best probabilities; null before the first document.',
          }),
          drift: Type.Union(
            [
              Type.Object(
                {
                  documents: Type.Integer({ minimum: 0, description: 'The newest answers, which are compared.' }),
                  labels: Type.Number({ description: 'Population stability index of the labels.' }),
                  confidence: Type.Number({
                    description: 'Population stability index of the best probabilities, in tenths.',
                  }),
                },
                closed,
              ),
              Type.Null(),
            ],
            {
              description:
                'The newest answers against those in the test of the training: by custom below 0.1 none, above 0.25 large. Null while there are too few, and of a version whose training has kept none or too few.',
            },
          ),
          challengerShare: Type.Optional(
            Type.Number({ description: 'Of the challenger alone: the share of the documents that it answers.' }),
          ),
          shadowAgreement: Type.Optional(
            Type.Union([Type.Number(), Type.Null()], {
              description:
                'Of a shadow alone: the share of documents to which the version that answered gave the same label.',
            }),
          ),
          labels: Type.Array(Type.Object({ label: Type.String(), documents: Type.Integer({ minimum: 0 }) }, closed), {
            description: 'Documents by their best label, in the order of the model’s labels.',
          }),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type TextMonitoring = Static<typeof TextMonitoringSchema>
