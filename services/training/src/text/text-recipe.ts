import { isDeepStrictEqual } from 'node:util'
import { textAlgorithms, type NetworkAlgorithm, type TextAlgorithm } from '@rapport/contracts'
import type { VectorizerOptions } from '@rapport/text'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { describeDictionary, toUserWords } from './own-words.ts'
import { nameOfNetwork, readNetworkRecipe, type NetworkRecipe } from './networks/network-recipe.ts'

const PositiveSchema = Type.Number({ exclusiveMinimum: 0 })
const CountSchema = Type.Integer({ minimum: 1 })

/** What makes rows of texts: TF-IDF with sublinear frequencies and rows of unit length. */
const FeatureSetSchema = Type.Object({
  analyzer: Type.Enum(['word', 'jieba', 'char']),
  /** Shortest and longest n-gram. */
  ngrams: Type.Tuple([Type.Integer({ minimum: 1, maximum: 8 }), Type.Integer({ minimum: 1, maximum: 8 })]),
  minDf: CountSchema,
  maxFeatures: CountSchema,
  /** Words that the segmentation keeps whole. */
  dictionary: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  /** Hash buckets in place of a vocabulary, which the limits above then do not bound. */
  hashBits: Type.Optional(Type.Integer({ minimum: 1, maximum: 24 })),
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

/** Those that learn from rows of features. */
export type RowAlgorithm = Exclude<TextAlgorithm, NetworkAlgorithm>

/** Features, an algorithm on their rows and its parameters. */
export interface RowRecipe {
  readonly algorithm: RowAlgorithm
  readonly features: FeatureSet
  readonly parameters: TextParameters
}

/** What is compared, and what a version is made by. */
export type TextRecipe = RowRecipe | NetworkRecipe

export const isNetwork = (recipe: TextRecipe): recipe is NetworkRecipe => 'tokens' in recipe

/** What each algorithm needs. */
const required: Readonly<Record<RowAlgorithm, readonly (keyof TextParameters)[]>> = {
  'multinomial-nb': ['alpha'],
  'complement-nb': ['alpha'],
  'linear-svm': ['cost'],
  'logistic-regression': ['cost'],
  'kernel-svm': ['cost'],
  'random-forest': ['trees', 'minLeafRows'],
  'boosted-trees': ['iterations', 'maxLeaves', 'learningRate'],
}

const rowAlgorithms = textAlgorithms.filter((name): name is RowAlgorithm => name in required)
const check = Compile(Type.Object({ features: FeatureSetSchema, ...ParametersSchema.properties }))
const parameterNames = Object.keys(ParametersSchema.properties) as (keyof TextParameters)[]

/** The recipe as a manifest has it. */
export function toParameters(recipe: TextRecipe): Record<string, unknown> {
  if (isNetwork(recipe)) return { tokens: recipe.tokens, network: recipe.network }
  return { features: recipe.features, ...recipe.parameters }
}

/** As `toParameters`, but of a dictionary the number of its words: a job has several rows of the same. */
export function toShownParameters(recipe: TextRecipe): Record<string, unknown> {
  const shown = (reading: FeatureSet | NetworkRecipe['tokens']): Record<string, unknown> => ({
    ...reading,
    ...(reading.dictionary !== undefined && { dictionary: reading.dictionary.length }),
  })
  if (isNetwork(recipe)) return { ...toParameters(recipe), tokens: shown(recipe.tokens) }
  return { ...toParameters(recipe), features: shown(recipe.features) }
}

/** The recipe by which a version was made; undefined when it is none of ours. */
export function readTextRecipe(
  algorithm: string,
  parameters: Readonly<Record<string, unknown>>,
): TextRecipe | undefined {
  const known = rowAlgorithms.find((name) => name === algorithm)
  if (known === undefined) return readNetworkRecipe(algorithm, parameters)
  if (!check.Check(parameters)) return undefined
  if (required[known].some((name) => parameters[name] === undefined)) return undefined
  const { analyzer, ngrams, minDf, maxFeatures, dictionary, hashBits } = parameters.features
  const given = parameterNames.filter((name) => parameters[name] !== undefined)
  return {
    algorithm: known,
    features: {
      analyzer,
      ngrams,
      minDf,
      maxFeatures,
      ...(dictionary !== undefined && { dictionary }),
      ...(hashBits !== undefined && { hashBits }),
    },
    parameters: Object.fromEntries(given.map((name) => [name, parameters[name]])),
  }
}

export const isSameRecipe = (one: TextRecipe, other: TextRecipe): boolean => isDeepStrictEqual(one, other)

export function describeFeatures({ analyzer, ngrams, minDf, dictionary, hashBits }: FeatureSet): string {
  const kept = hashBits === undefined ? `of ${minDf}+ texts` : `in 2^${hashBits} buckets`
  return `${analyzer} ${ngrams.join('-')}-grams ${kept}${describeDictionary(dictionary)}`
}

/** Different for different recipes. */
export function nameOf(recipe: TextRecipe): string {
  if (isNetwork(recipe)) return nameOfNetwork(recipe)
  const { algorithm, features, parameters } = recipe
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`)
  return [algorithm, ...values, describeFeatures(features)].join(' ')
}

/** Those of a vocabulary stand in the features of hash buckets, too, where they bound nothing. */
export const vectorizerOptions = ({
  analyzer,
  ngrams,
  minDf,
  maxFeatures,
  dictionary = [],
  hashBits,
}: FeatureSet): VectorizerOptions => ({
  analyzer,
  ngrams,
  minDf,
  maxFeatures,
  sublinearTf: true,
  userWords: toUserWords(dictionary),
  ...(hashBits !== undefined && { hashBits }),
})
