import { isDeepStrictEqual } from 'node:util'
import { textAlgorithms, type TextAlgorithm } from '@rapport/contracts'
import type { VectorizerOptions } from '@rapport/text'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const PositiveSchema = Type.Number({ exclusiveMinimum: 0 })
const CountSchema = Type.Integer({ minimum: 1 })

/** What makes rows of texts: TF-IDF with sublinear frequencies and rows of unit length. */
const FeatureSetSchema = Type.Object({
  analyzer: Type.Enum(['word', 'jieba', 'char']),
  /** Shortest and longest n-gram. */
  ngrams: Type.Tuple([Type.Integer({ minimum: 1, maximum: 8 }), Type.Integer({ minimum: 1, maximum: 8 })]),
  minDf: CountSchema,
  maxFeatures: CountSchema,
})
export type FeatureSet = Static<typeof FeatureSetSchema>

const ParametersSchema = Type.Object({
  alpha: Type.Optional(PositiveSchema),
  cost: Type.Optional(PositiveSchema),
  /** Every class weighs the same, whatever its rows. */
  balanced: Type.Optional(Type.Boolean()),
  trees: Type.Optional(CountSchema),
  minLeafRows: Type.Optional(CountSchema),
  iterations: Type.Optional(CountSchema),
  maxLeaves: Type.Optional(Type.Integer({ minimum: 2 })),
  learningRate: Type.Optional(PositiveSchema),
})
export type TextParameters = Static<typeof ParametersSchema>

/** Features, an algorithm and its parameters: what is compared, and what a version is made by. */
export interface TextRecipe {
  readonly algorithm: TextAlgorithm
  readonly features: FeatureSet
  readonly parameters: TextParameters
}

/** What each algorithm needs. */
const required: Readonly<Record<TextAlgorithm, readonly (keyof TextParameters)[]>> = {
  'multinomial-nb': ['alpha'],
  'complement-nb': ['alpha'],
  'linear-svm': ['cost'],
  'logistic-regression': ['cost'],
  'kernel-svm': ['cost'],
  'random-forest': ['trees', 'minLeafRows'],
  'boosted-trees': ['iterations', 'maxLeaves', 'learningRate'],
}

const check = Compile(Type.Object({ features: FeatureSetSchema, ...ParametersSchema.properties }))
const parameterNames = Object.keys(ParametersSchema.properties) as (keyof TextParameters)[]

/** The recipe as a manifest and a leaderboard have it. */
export const toParameters = ({ features, parameters }: TextRecipe): Record<string, unknown> => ({
  features,
  ...parameters,
})

/** The recipe by which a version was made; undefined when it is none of ours. */
export function readTextRecipe(
  algorithm: string,
  parameters: Readonly<Record<string, unknown>>,
): TextRecipe | undefined {
  const known = textAlgorithms.find((name) => name === algorithm)
  if (known === undefined || !check.Check(parameters)) return undefined
  if (required[known].some((name) => parameters[name] === undefined)) return undefined
  const { analyzer, ngrams, minDf, maxFeatures } = parameters.features
  const given = parameterNames.filter((name) => parameters[name] !== undefined)
  return {
    algorithm: known,
    features: { analyzer, ngrams, minDf, maxFeatures },
    parameters: Object.fromEntries(given.map((name) => [name, parameters[name]])),
  }
}

export const isSameRecipe = (one: TextRecipe, other: TextRecipe): boolean => isDeepStrictEqual(one, other)

export const describeFeatures = ({ analyzer, ngrams, minDf }: FeatureSet): string =>
  `${analyzer} ${ngrams.join('-')}-grams of ${minDf}+ texts`

/** Different for different recipes. */
export function nameOf({ algorithm, features, parameters }: TextRecipe): string {
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`)
  return [algorithm, ...values, describeFeatures(features)].join(' ')
}

export const vectorizerOptions = ({ analyzer, ngrams, minDf, maxFeatures }: FeatureSet): VectorizerOptions => ({
  analyzer,
  ngrams,
  minDf,
  maxFeatures,
  sublinearTf: true,
})
