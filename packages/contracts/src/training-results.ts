import { Type, type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const ShareSchema = Type.Number({ minimum: 0, maximum: 1 })

/** One trained candidate, or one that was declined and why. */
export const LeaderboardRowSchema = Type.Object(
  {
    algorithm: Type.String(),
    parameters: Type.Record(Type.String(), Type.Unknown()),
    /**
     * Quality on the held-out part, by metric name: `recall@20`, `ndcg@20`, …; of texts `accuracy`, `macroF1`, `logLoss`
     * and `calibrationError` (expected, of 15 bins).
     */
    metrics: Type.Record(Type.String(), Type.Number()),
    /**
     * Quality on the part before that, by which parameters and, among the algorithms, the winner are chosen. Absent when the
     * recipe was not searched for.
     */
    validationMetrics: Type.Optional(Type.Record(Type.String(), Type.Number())),
    /** Of texts: the objective over the folds of the training part, by which the winner is chosen. */
    crossValidation: Type.Optional(
      Type.Object(
        {
          mean: Type.Number({ description: 'The more the better: of the log-loss it is the negative.' }),
          deviation: Type.Optional(
            Type.Number({ description: 'Standard deviation over the folds; absent where one was tried alone.' }),
          ),
          folds: Type.Integer({
            minimum: 1,
            description: 'Folds that were tried; of a network one alone where the time was too short for all.',
          }),
          trainRows: Type.Integer({ minimum: 1, description: 'Rows that a fold was trained on.' }),
        },
        closed,
      ),
    ),
    /** Of texts: quality by label on the held-out part. */
    classes: Type.Optional(
      Type.Array(
        Type.Object(
          {
            label: Type.String(),
            precision: ShareSchema,
            recall: ShareSchema,
            f1: ShareSchema,
            support: Type.Integer({ minimum: 0, description: 'Held-out rows of the label.' }),
          },
          closed,
        ),
      ),
    ),
    /** Held-out rows by true label (outer) and predicted one, in the order of `classes`; absent above 100 labels. */
    confusion: Type.Optional(Type.Array(Type.Array(Type.Integer({ minimum: 0 })))),
    /**
     * Where the recipe comes from: the baseline, the version that serves now, or this job's search. A champion's figures are
     * those of its recipe, trained on the rows of this job, where the job knows it and can train it.
     */
    role: Type.Optional(Type.Enum(['baseline', 'champion', 'challenger'])),
    isWinner: Type.Optional(Type.Boolean()),
    trainingSeconds: Type.Optional(Type.Number()),
    /** Of all its files. */
    modelBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Median time of one text, features included. */
    predictMs: Type.Optional(Type.Number({ minimum: 0 })),
    /** Why it was not trained, for instance because its memory would not fit. */
    declined: Type.Optional(Type.String()),
  },
  closed,
)
export type LeaderboardRow = Static<typeof LeaderboardRowSchema>

export const TrainingProgressSchema = Type.Object(
  {
    stage: Type.String(),
    fraction: ShareSchema,
    /** What is tried now. */
    candidate: Type.Optional(Type.String()),
    /** The candidate that leads so far, and its cross-validated objective. */
    best: Type.Optional(Type.Object({ candidate: Type.String(), mean: Type.Number() }, closed)),
    /** Of the budget of the search or the comparison; of the last fit as long as the winner's training leads to expect. */
    leftSeconds: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
)
export type TrainingProgress = Static<typeof TrainingProgressSchema>

/** Kinds of warnings: part of the API. */
export const trainingWarningCodes = [
  'few-rows',
  'few-held-out',
  'label-leakage',
  'near-duplicates',
  'label-conflicts',
  'champion-mismatch',
] as const

export const TrainingWarningSchema = Type.Object(
  {
    code: Type.Enum(trainingWarningCodes),
    message: Type.String(),
    label: Type.Optional(Type.String({ description: 'The label that it is about.' })),
  },
  closed,
)
export type TrainingWarning = Static<typeof TrainingWarningSchema>
