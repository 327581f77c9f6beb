import { Type, type Static } from 'typebox'
import { ItemBodySchema } from './items.ts'

const IdSchema = Type.String({ minLength: 1, maxLength: 256 })
const NameSchema = Type.String({ minLength: 1, maxLength: 256 })
const ScenarioSchema = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Where the answer is shown (`home`, `cart`, …). A label: it is logged with the exposure.',
})
export const RecommendationCountSchema = Type.Integer({ minimum: 1, maximum: 200, default: 10 })

const RangeSchema = Type.Object(
  { min: Type.Optional(Type.Number()), max: Type.Optional(Type.Number()) },
  { additionalProperties: false, description: 'Both bounds included.' },
)

/** What a recommended item must be; every given part must hold. Items that the catalogue does not know never match. */
export const ItemFilterSchema = Type.Object(
  {
    category: Type.Optional(
      Type.Union([NameSchema, Type.Array(NameSchema, { minItems: 1, maxItems: 32 })], {
        description: 'The item is in this category, or in one of these, at any level.',
      }),
    ),
    tags: Type.Optional(
      Type.Array(NameSchema, { minItems: 1, maxItems: 32, description: 'The item has all of these.' }),
    ),
    price: Type.Optional(RangeSchema),
    attributes: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 128 }),
        Type.Union([Type.String({ maxLength: 1024 }), Type.Number(), Type.Boolean(), RangeSchema]),
        { description: 'Attribute by name: equal to a scalar, or a number within a range.' },
      ),
    ),
  },
  { additionalProperties: false },
)
export type ItemFilter = Static<typeof ItemFilterSchema>

/** `POST /v1/recommendations`. At least one of `userId`, `anonymousId` and `itemIds`. */
export const RecommendationRequestSchema = Type.Object(
  {
    userId: Type.Optional(IdSchema),
    anonymousId: Type.Optional(IdSchema),
    itemIds: Type.Optional(
      Type.Array(IdSchema, {
        maxItems: 200,
        description:
          'Items of the running session, oldest first; they count as viewed just now and are never in the answer.',
      }),
    ),
    count: Type.Optional(RecommendationCountSchema),
    scenario: Type.Optional(ScenarioSchema),
    filter: Type.Optional(ItemFilterSchema),
    exclude: Type.Optional(Type.Array(IdSchema, { maxItems: 1000, description: 'Never in the answer.' })),
    repeats: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'True: what the visitor has viewed, added or bought may be recommended again.',
      }),
    ),
    context: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 64 }),
        Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
        {
          maxProperties: 32,
          description: 'Facts of the moment (device, page, campaign), logged with the exposure.',
        },
      ),
    ),
    explain: Type.Optional(
      Type.Boolean({ default: false, description: 'True: each item says why it is there, and what its reviews say.' }),
    ),
  },
  {
    additionalProperties: false,
    anyOf: [{ required: ['userId'] }, { required: ['anonymousId'] }, { required: ['itemIds'] }],
  },
)
export type RecommendationRequest = Static<typeof RecommendationRequestSchema>

export const recommendationSources = [
  'model',
  'content',
  'alsoViewed',
  'alsoBought',
  'popular',
  'trending',
  'newest',
] as const
/** What proposed an item. Scores are comparable within one source only. */
export const RecommendationSourceSchema = Type.Enum(recommendationSources)
export type RecommendationSource = (typeof recommendationSources)[number]

/** Why an item is there, in English and Chinese. */
export const RecommendationReasonSchema = Type.Object(
  {
    /** The item of the visitor's history (or the item asked about) that speaks for this one the most. */
    itemId: Type.Optional(Type.String()),
    /** Exact part of `itemId` in the item's score. */
    contribution: Type.Optional(Type.Number()),
    text: Type.Object({ en: Type.String(), zh: Type.String() }, { additionalProperties: false }),
  },
  { additionalProperties: false },
)
export type RecommendationReason = Static<typeof RecommendationReasonSchema>

/** The catalogue's entry as far as a page that shows the item needs it: everything but the description. */
export const RecommendedPropertiesSchema = Type.Omit(ItemBodySchema, ['description', 'available'], {
  additionalProperties: false,
})

export const RecommendedItemSchema = Type.Object(
  {
    id: Type.String(),
    score: Type.Number(),
    source: RecommendationSourceSchema,
    reasons: Type.Optional(Type.Array(RecommendationReasonSchema)),
    /** Absent for an item that the catalogue does not know. */
    properties: Type.Optional(RecommendedPropertiesSchema),
  },
  { additionalProperties: false },
)
export type RecommendedItem = Static<typeof RecommendedItemSchema>

export const recommendationStrategies = [
  'personal',
  'session',
  'content',
  'similar',
  'alsoViewed',
  'alsoBought',
  'popular',
  'trending',
  'newest',
] as const
/** Which path made the answer; items that filled it up name their own `source`. */
export const RecommendationStrategySchema = Type.Enum(recommendationStrategies)
export type RecommendationStrategy = (typeof recommendationStrategies)[number]

export const RecommendationResponseSchema = Type.Object(
  {
    recommendationId: Type.String(),
    items: Type.Array(RecommendedItemSchema, {
      description: 'Best first. Empty only where no item of the catalogue may be shown under this request.',
    }),
    model: Type.Union([Type.String(), Type.Null()], {
      description: 'Version of the recommender model; null before the first one is trained.',
    }),
    strategy: RecommendationStrategySchema,
    degraded: Type.Optional(
      Type.Literal(true, { description: 'The visitor’s state could not be read in time; the answer does without.' }),
    ),
  },
  { additionalProperties: false, $id: 'Recommendation' },
)
export type RecommendationResponse = Static<typeof RecommendationResponseSchema>

export const RecommendationIdParamsSchema = Type.Object({ id: IdSchema })

/** `GET /v1/recommendations/users/{id}`: cacheable, up to a minute old unless the visitor has done something since. */
export const UserRecommendationsQuerySchema = Type.Object(
  {
    count: Type.Optional(RecommendationCountSchema),
    scenario: Type.Optional(ScenarioSchema),
    category: Type.Optional(NameSchema),
  },
  { additionalProperties: false },
)

export const similarKinds = ['similar', 'alsoViewed', 'alsoBought'] as const
/** `GET /v1/recommendations/items/{id}/similar`. */
export const SimilarItemsQuerySchema = Type.Object(
  {
    kind: Type.Optional(Type.Enum(similarKinds, { default: 'similar' })),
    count: Type.Optional(RecommendationCountSchema),
    category: Type.Optional(NameSchema),
    scenario: Type.Optional(ScenarioSchema),
  },
  { additionalProperties: false },
)
export type SimilarKind = (typeof similarKinds)[number]

/** `GET /v1/recommendations/popular` and `…/trending`. */
export const RankingQuerySchema = Type.Object(
  {
    count: Type.Optional(RecommendationCountSchema),
    category: Type.Optional(NameSchema),
    scenario: Type.Optional(ScenarioSchema),
  },
  { additionalProperties: false },
)

/** A record of `rapport.exposures.v1`: what was shown, to whom and why. One per answer, also for an answer from the cache. */
export const ExposureSchema = Type.Object({
  recommendationId: Type.String(),
  tenant: Type.String(),
  /** When the answer was given, ISO 8601. */
  shownAt: Type.String(),
  userId: Type.Optional(Type.String()),
  anonymousId: Type.Optional(Type.String()),
  scenario: Type.Optional(Type.String()),
  context: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
  model: Type.Union([Type.String(), Type.Null()]),
  strategy: RecommendationStrategySchema,
  degraded: Type.Optional(Type.Literal(true)),
  cached: Type.Optional(Type.Literal(true)),
  /** In the order shown. */
  items: Type.Array(Type.Object({ id: Type.String(), score: Type.Number(), source: RecommendationSourceSchema })),
})
export type Exposure = Static<typeof ExposureSchema>
