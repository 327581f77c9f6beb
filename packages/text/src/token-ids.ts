import { argumentError } from './errors.ts'

/** Documents as rows of token ids, all of one length, as networks read them. What a token is (a word, a character) is the caller's. */
export interface TokenIds {
  readonly rows: number
  /** Ids a row. */
  readonly length: number
  /** rows x length, row-major; 0 is padding, 1 a token that is not in the vocabulary. */
  readonly ids: Int32Array
}

export const paddingId = 0
export const unknownId = 1
const firstTokenId = 2

/** The tokens that have an id, in the order of their ids, from 2 on; plain JSON. */
export interface TokenVocabulary {
  readonly tokens: readonly string[]
}

export interface VocabularyOptions {
  /** A token in fewer documents has no id; 2 when absent, so that the id of unknown tokens is learnt too. */
  readonly minDocuments?: number
  /** The most tokens with an id, those in the most documents; no limit when absent. */
  readonly maxTokens?: number
}

/** Ids by document frequency, the most frequent first; equal ones in code unit order, whatever order they came in. */
export function buildVocabulary(
  documents: Iterable<readonly string[]>,
  { minDocuments = 2, maxTokens = Infinity }: VocabularyOptions = {},
): TokenVocabulary {
  const frequency = new Map<string, number>()
  for (const document of documents) {
    for (const token of new Set(document)) frequency.set(token, (frequency.get(token) ?? 0) + 1)
  }
  const kept = [...frequency].filter(([, count]) => count >= minDocuments)
  kept.sort(([left, leftCount], [right, rightCount]) => rightCount - leftCount || (left < right ? -1 : 1))
  return { tokens: kept.slice(0, maxTokens).map(([token]) => token) }
}

/** Ids that a network on this vocabulary needs rows for: padding, unknown and the tokens. */
export const vocabularyIds = (vocabulary: TokenVocabulary): number => vocabulary.tokens.length + firstTokenId

export interface EncodeOptions {
  readonly length: number
  /** Where padding stands; left (the default) is what a recurrent layer needs, whose last step then is the last token. */
  readonly pad?: 'left' | 'right'
  /** Which tokens of a longer document stay: the first (the default), the last, or half and half. */
  readonly keep?: 'first' | 'last' | 'both'
}

/** Turns tokens into rows of ids. Throws RPT_TEXT_ARGUMENT_INVALID for a length that is no positive integer. */
export function createTokenEncoder(
  vocabulary: TokenVocabulary,
  { length, pad = 'left', keep = 'first' }: EncodeOptions,
): (documents: readonly (readonly string[])[]) => TokenIds {
  if (!Number.isInteger(length) || length < 1) throw argumentError('length', `is ${length}, not a positive integer`)
  const idOf = new Map(vocabulary.tokens.map((token, index) => [token, index + firstTokenId]))
  return (documents) => {
    const ids = new Int32Array(documents.length * length)
    for (const [row, document] of documents.entries()) {
      const tokens = truncate(document, length, keep)
      const start = row * length + (pad === 'left' ? length - tokens.length : 0)
      for (const [position, token] of tokens.entries()) ids[start + position] = idOf.get(token) ?? unknownId
    }
    return { rows: documents.length, length, ids }
  }
}

function truncate(tokens: readonly string[], length: number, keep: 'first' | 'last' | 'both'): readonly string[] {
  if (tokens.length <= length) return tokens
  if (keep === 'first') return tokens.slice(0, length)
  if (keep === 'last') return tokens.slice(-length)
  const head = Math.ceil(length / 2)
  return [...tokens.slice(0, head), ...tokens.slice(tokens.length - (length - head))]
}
