import { murmur3 } from './murmur3.ts'
import { NgramTable } from './ngram-table.ts'
import { grown, SpanList } from './span-list.ts'
import type { TextAnalysis } from './text-analysis.ts'
import { createTokenReader } from './token-reader.ts'
import type { HashedFeatures, VocabularyFeatures } from './vectorizer-data.ts'

/** Reads the n-grams of a prepared text that have a number, with repetitions, into `out`. */
export type FeatureReader = (text: string, out: SpanList) => void

/** Reads the columns of a vocabulary's n-grams. */
export function createVocabularyReader(analysis: TextAnalysis, features: VocabularyFeatures): FeatureReader {
  const read = createTokenReader(analysis)
  const ids = new Map(features.tokens.map((token, id) => [token, id]))
  const table = new NgramTable(features.parents.length)
  features.parents.forEach((parent, node) => table.intern(parent, features.tokenOf[node] as number))
  const { columnOf } = features
  const tokens = new SpanList()
  const idOf = (token: string): number => ids.get(token) ?? -1
  const longest = analysis.ngrams[1]
  return (text, out) => {
    read(text, tokens, idOf)
    out.length = 0
    for (let first = 0; first < tokens.length; first += 1) {
      const end = Math.min(tokens.length, first + longest)
      let node = -1
      for (let last = first; last < end; last += 1) {
        node = table.find(node, tokens.ids[last] as number)
        if (node < 0) break
        const column = columnOf[node] as number
        if (column >= 0) out.push(column, tokens.starts[first] as number, tokens.ends[last] as number)
      }
    }
  }
}

/** What a fit has met: the n-grams as nodes of a table, and the tokens by number (none with the `char` analyser). */
export interface GrowingVocabulary {
  readonly table: NgramTable
  readonly tokens: readonly string[]
  /** Reads the nodes of all n-grams, new ones made. */
  readonly read: FeatureReader
}

export function createGrowingVocabulary(analysis: TextAnalysis): GrowingVocabulary {
  const read = createTokenReader(analysis)
  const ids = new Map<string, number>()
  const names: string[] = []
  const table = new NgramTable()
  const tokens = new SpanList()
  const [shortest, longest] = analysis.ngrams
  const idOf = (token: string): number => {
    const known = ids.get(token)
    if (known !== undefined) return known
    // A piece of a text would keep the whole text in memory.
    const own = Buffer.from(token, 'utf16le').toString('utf16le')
    ids.set(own, names.length)
    return names.push(own) - 1
  }
  return {
    table,
    tokens: names,
    read(text, out) {
      read(text, tokens, idOf)
      out.length = 0
      for (let first = 0; first < tokens.length; first += 1) {
        const end = Math.min(tokens.length, first + longest)
        let node = -1
        for (let last = first; last < end; last += 1) {
          node = table.intern(node, tokens.ids[last] as number)
          if (last - first + 1 < shortest) continue
          out.push(node, tokens.starts[first] as number, tokens.ends[last] as number)
        }
      }
    },
  }
}

/**
 * Reads n-grams as buckets: MurmurHash3 of the n-gram's UTF-8 (words joined by a blank), its magnitude modulo the number
 * of buckets, as scikit-learn's HashingVectorizer does without alternating signs (Weinberger et al. 2009).
 */
export function createHashingReader(analysis: TextAnalysis, features: HashedFeatures): FeatureReader {
  const read = createTokenReader(analysis)
  const mask = 2 ** features.bits - 1
  const [shortest, longest] = analysis.ngrams
  const tokens = new SpanList()
  const encoded = new EncodedTokens()
  const ofCharacters = analysis.analyzer === 'char'
  const idOf = (token: string): number => encoded.add(token, ' ')
  return (text, out) => {
    encoded.clear()
    read(text, tokens, idOf)
    if (ofCharacters) {
      for (let at = 0; at < tokens.length; at += 1) encoded.add(String.fromCodePoint(tokens.ids[at] as number), '')
    }
    out.length = 0
    for (let first = 0; first < tokens.length; first += 1) {
      const end = Math.min(tokens.length, first + longest)
      for (let last = first + shortest - 1; last < end; last += 1) {
        const bucket = Math.abs(encoded.hash(first, last)) & mask
        out.push(bucket, tokens.starts[first] as number, tokens.ends[last] as number)
      }
    }
  }
}

/** The tokens of one text as UTF-8, one after another, so that every n-gram is one run of bytes. */
class EncodedTokens {
  private readonly encoder = new TextEncoder()
  private bytes = new Uint8Array(1024)
  private used = 0
  private count = 0
  private starts = new Int32Array(256)
  private ends = new Int32Array(256)

  clear(): void {
    this.used = 0
    this.count = 0
  }

  /** Appends a token, a separator before all but the first; returns its number. */
  add(token: string, separator: string): number {
    this.reserve(3 * token.length + separator.length)
    if (this.count > 0 && separator !== '') this.append(separator)
    this.starts[this.count] = this.used
    this.append(token)
    this.ends[this.count] = this.used
    this.count += 1
    return this.count - 1
  }

  hash(first: number, last: number): number {
    return murmur3(this.bytes, this.starts[first], this.ends[last])
  }

  private append(text: string): void {
    const code = text.length === 1 ? text.charCodeAt(0) : 0x80
    if (code < 0x80) this.bytes[this.used++] = code
    else this.used += this.encoder.encodeInto(text, this.bytes.subarray(this.used)).written
  }

  private reserve(bytes: number): void {
    if (this.used + bytes > this.bytes.length) {
      const longer = new Uint8Array(2 * (this.used + bytes))
      longer.set(this.bytes)
      this.bytes = longer
    }
    if (this.count === this.starts.length) {
      this.starts = grown(this.starts, 2 * this.count)
      this.ends = grown(this.ends, 2 * this.count)
    }
  }
}
