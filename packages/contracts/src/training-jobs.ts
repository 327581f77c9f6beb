import { Type, type Static } from 'typebox'

export const trainingJobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type TrainingJobStatus = (typeof trainingJobStatuses)[number]

export const recommenderTrainers = ['item-knn', 'ials', 'ease'] as const
export type RecommenderTrainer = (typeof recommenderTrainers)[number]

/** What a recommender job may be told. Everything has a default. */
export const RecommenderTrainingParametersSchema = Type.Object(
  {
    /** Time for choosing parameters; the refit comes on top. */
    budgetSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400 })),
    /** Trainers beside popularity, which always runs. */
    trainers: Type.Optional(
      Type.Array(Type.Union(recommenderTrainers.map((trainer) => Type.Literal(trainer))), {
        minItems: 1,
        maxItems: recommenderTrainers.length,
      }),
    ),
    /** Interaction strength by event name; an event that is not named counts nothing. Order Refunded takes a purchase back. */
    eventWeights: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 256 }), Type.Number({ minimum: 0, maximum: 1000 })),
    ),
    /** An interaction this old counts half. Absent: no decay. */
    halfLifeDays: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 36_500 })),
    /** A trainer that needs more is declined. */
    memoryLimitBytes: Type.Optional(Type.Integer({ minimum: 1024 * 1024 })),
    /** Fewer interactions are too few to train on. */
    minInteractions: Type.Optional(Type.Integer({ minimum: 10, maximum: 1_000_000_000 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  },
  { additionalProperties: false },
)
export type RecommenderTrainingParameters = Static<typeof RecommenderTrainingParametersSchema>

/** One recipe of a leaderboard: an algorithm with its parameters, and how it did on the held-out part. */
export const LeaderboardEntrySchema = Type.Object({
  algorithm: Type.String(),
  parameters: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()])),
  /** Where the recipe comes from. */
  role: Type.Union([Type.Literal('baseline'), Type.Literal('champion'), Type.Literal('challenger')]),
  /** Means over the test users, for instance `recall@20`; absent when the recipe was declined. */
  metrics: Type.Optional(Type.Record(Type.String(), Type.Number())),
  /** Why it was not trained. */
  declined: Type.Optional(Type.String()),
  trainSeconds: Type.Optional(Type.Number()),
  isWinner: Type.Boolean(),
})
export type LeaderboardEntry = Static<typeof LeaderboardEntrySchema>

export const TrainingResultSchema = Type.Object({
  leaderboard: Type.Array(LeaderboardEntrySchema),
  /** Sizes of the data and of its parts. */
  data: Type.Record(Type.String(), Type.Number()),
  /** The published version; absent when nothing beat popularity and the champion. */
  version: Type.Optional(Type.String()),
  /** The alias `champion` names the new version, from this revision on. */
  promotedRevision: Type.Optional(Type.Integer()),
  /** The outcome in a sentence. */
  summary: Type.String(),
})
export type TrainingResult = Static<typeof TrainingResultSchema>

/** `jobs/<tenant>/<id>.json` in the object store, replaced by compare-and-set alone. */
export const TrainingJobSchema = Type.Object({
  tenant: Type.String(),
  id: Type.String(),
  task: Type.Literal('recommender'),
  /** Name of the model that it makes. */
  model: Type.String(),
  parameters: RecommenderTrainingParametersSchema,
  status: Type.Union(trainingJobStatuses.map((status) => Type.Literal(status))),
  progress: Type.Object({
    percent: Type.Number({ minimum: 0, maximum: 100 }),
    stage: Type.String(),
    message: Type.String(),
  }),
  createdAt: Type.String(),
  updatedAt: Type.String(),
  startedAt: Type.Optional(Type.String()),
  finishedAt: Type.Optional(Type.String()),
  /** How often it was claimed. */
  attempts: Type.Integer({ minimum: 0 }),
  /** Who works on it. A lease that has expired can be claimed by another. */
  lease: Type.Optional(Type.Object({ owner: Type.String(), expiresAt: Type.String(), heartbeatAt: Type.String() })),
  cancelRequestedAt: Type.Optional(Type.String()),
  result: Type.Optional(TrainingResultSchema),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  /** The newest lines of its log. */
  log: Type.Array(Type.String()),
})
export type TrainingJob = Static<typeof TrainingJobSchema>

/** Object-store key of a job. */
export const trainingJobKey = (tenant: string, id: string): string => `jobs/${tenant}/${id}.json`

/** A record of `rapport.training-jobs.v1`, keyed by `<tenant>/<id>`: only wakes somebody up; the job itself is read. */
export const TrainingJobAnnouncementSchema = Type.Object({ tenant: Type.String(), id: Type.String() })
export type TrainingJobAnnouncement = Static<typeof TrainingJobAnnouncementSchema>
