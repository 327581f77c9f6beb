import type { NetworkAlgorithm } from '@rapport/contracts'
import { TextTokenizer, toTextAnalysis } from '@rapport/text'
import { toUserWords } from '../own-words.ts'
import { languageOf } from '../text-language.ts'
import type { NetworkRecipe, NetworkSettings, TokenSet } from './network-recipe.ts'

const sampled = 1000
/** Longer texts cost more than they tell. */
const lengths = { least: 16, most: 128, mostCharacters: 192 } as const
/** Of the texts, so many are read whole. */
const wholeShare = 0.95

export interface NetworkReading {
  /** Of words alone. */
  readonly dictionary?: readonly string[] | undefined
  /** In place of words. */
  readonly ofCharacters?: boolean
}

/** The form and the training of a network, chosen on parts of the training texts of public data sets (docs/quality.md). */
export function defaultNetworkRecipe(
  algorithm: NetworkAlgorithm,
  texts: readonly string[],
  reading: NetworkReading = {},
): NetworkRecipe {
  const batchSize = texts.length < fewRows ? 16 : 64
  return { algorithm, tokens: tokenSetOf(texts, reading), network: { ...forms[algorithm], ...training, batchSize } }
}

function tokenSetOf(texts: readonly string[], { dictionary, ofCharacters = false }: NetworkReading): TokenSet {
  const ofWords = languageOf(texts) === 'zh' ? 'jieba' : 'word'
  const analyzer = ofCharacters ? 'char' : ofWords
  const tokenizer = new TextTokenizer(toTextAnalysis({ analyzer, userWords: toUserWords(dictionary) }))
  const step = Math.max(1, Math.floor(texts.length / sampled))
  const sizes = texts.filter((_, row) => row % step === 0).map((text) => tokenizer.tokens(text).length)
  const common = sizes.sort((one, other) => one - other)[Math.floor(wholeShare * (sizes.length - 1))] ?? 0
  const length = Math.min(
    ofCharacters ? lengths.mostCharacters : lengths.most,
    Math.max(lengths.least, 8 * Math.ceil(common / 8)),
  )
  const minDocuments = texts.length < fewRows ? 1 : 2
  return { analyzer, minDocuments, maxTokens: 20_000, length, ...(dictionary && { dictionary: [...dictionary] }) }
}

const fewRows = 2000
const training = { dropout: 0.5, embeddingDropout: 0.3, learningRate: 0.001, epochs: 30 } as const

type Form = Omit<NetworkSettings, keyof typeof training | 'batchSize'>

const forms: Readonly<Record<NetworkAlgorithm, Form>> = {
  'text-cnn': { embedding: 128, windows: [1, 2, 3], filters: 128 },
  'cnn-lstm': { embedding: 128, windows: [3], filters: 128, pool: 4, units: 64 },
  bilstm: { embedding: 128, units: 64 },
  lstm: { embedding: 128, units: 64 },
}
