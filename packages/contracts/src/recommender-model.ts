import { Type, type Static } from 'typebox'

/** Name of a tenant's recommender among its models. */
export const recommenderModelName = 'recommender'

/** `selfCheck` of a recommender's manifest: a history, and scores that the loaded model must give for it. */
export const RecommenderSelfCheckSchema = Type.Object({
  /** Ids of the model's own items, each once, with their interaction strength. */
  history: Type.Array(Type.Object({ itemId: Type.String(), weight: Type.Number({ exclusiveMinimum: 0 }) })),
  scores: Type.Array(Type.Object({ itemId: Type.String(), score: Type.Number() }), { minItems: 1 }),
  /** Allowed difference, relative to the larger of 1 and the expected score. */
  tolerance: Type.Number({ exclusiveMinimum: 0 }),
})
export type RecommenderSelfCheck = Static<typeof RecommenderSelfCheckSchema>
