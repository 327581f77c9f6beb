import { networkAlgorithms, type NetworkAlgorithm } from '@rapport/contracts'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { describeDictionary } from '../own-words.ts'

const CountSchema = Type.Integer({ minimum: 1 })
const RateSchema = Type.Number({ minimum: 0, exclusiveMaximum: 1 })

/** What a network reads of a text. */
const TokenSetSchema = Type.Object({
  analyzer: Type.Enum(['word', 'jieba', 'char']),
  /** A token of fewer texts is an unknown one. */
  minDocuments: CountSchema,
  maxTokens: CountSchema,
  /** Tokens of a text; of a longer one its beginning and its end are read, a shorter one is filled up on the left. */
  length: CountSchema,
  /** Words that the segmentation keeps whole. */
  dictionary: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
})
export type TokenSet = Static<typeof TokenSetSchema>

const NetworkSettingsSchema = Type.Object({
  embedding: CountSchema,
  /** Of each window. */
  filters: Type.Optional(CountSchema),
  windows: Type.Optional(Type.Array(CountSchema, { minItems: 1 })),
  units: Type.Optional(CountSchema),
  pool: Type.Optional(CountSchema),
  dropout: RateSchema,
  embeddingDropout: RateSchema,
  learningRate: Type.Number({ exclusiveMinimum: 0 }),
  batchSize: CountSchema,
  /** At most; training ends when a part that is put aside gets worse. */
  epochs: CountSchema,
  /** Every class weighs the same in the loss, whatever its rows. */
  balanced: Type.Optional(Type.Boolean()),
})
export type NetworkSettings = Static<typeof NetworkSettingsSchema>

/** What a network reads, its form and its training. */
export interface NetworkRecipe {
  readonly algorithm: NetworkAlgorithm
  readonly tokens: TokenSet
  readonly network: NetworkSettings
}

const required: Readonly<Record<NetworkAlgorithm, readonly (keyof NetworkSettings)[]>> = {
  'text-cnn': ['filters', 'windows'],
  'cnn-lstm': ['filters', 'windows', 'pool', 'units'],
  bilstm: ['units'],
  lstm: ['units'],
}

const check = Compile(Type.Object({ tokens: TokenSetSchema, network: NetworkSettingsSchema }))

/** The recipe by which a network was made; undefined when it is none of ours. */
export function readNetworkRecipe(
  algorithm: string,
  parameters: Readonly<Record<string, unknown>>,
): NetworkRecipe | undefined {
  const known = networkAlgorithms.find((name) => name === algorithm)
  if (known === undefined || !check.Check(parameters)) return undefined
  const { tokens, network } = parameters
  if (required[known].some((name) => network[name] === undefined)) return undefined
  const { analyzer, minDocuments, maxTokens, length, dictionary } = tokens
  const names = Object.keys(NetworkSettingsSchema.properties) as (keyof NetworkSettings)[]
  const given = names.filter((name) => network[name] !== undefined)
  return {
    algorithm: known,
    tokens: { analyzer, minDocuments, maxTokens, length, ...(dictionary !== undefined && { dictionary }) },
    network: Object.fromEntries(given.map((name) => [name, network[name]])) as NetworkSettings,
  }
}

/** Different for different recipes. */
export function nameOfNetwork({ algorithm, tokens, network }: NetworkRecipe): string {
  const values = Object.entries(network).map(([name, value]) => `${name}=${String(value)}`)
  const { analyzer, length, minDocuments, maxTokens, dictionary } = tokens
  const read = `first and last ${length} ${analyzer} tokens of ${minDocuments}+ texts, ${maxTokens} at most${describeDictionary(dictionary)}`
  return [algorithm, ...values, read].join(' ')
}
