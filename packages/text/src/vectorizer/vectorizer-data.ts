import { argumentError } from '../errors.ts'
import type { TextAnalysis } from './text-analysis.ts'

/**
 * The n-grams that are columns. A node is an n-gram: the parent node's with one token more; parents come before their
 * nodes, and nodes, hence columns, are in the order of their tokens, compared by code points.
 */
export interface VocabularyFeatures {
  readonly kind: 'vocabulary'
  /** The tokens by number; empty with the `char` analyser, whose token numbers are code points. */
  readonly tokens: readonly string[]
  /** By node: the parent, or -1. */
  readonly parents: Int32Array
  /** By node: its last token's number. */
  readonly tokenOf: Int32Array
  /** By node: its column, or -1 for one that is only there as the beginning of others. */
  readonly columnOf: Int32Array
}

/** Columns are hash buckets: no vocabulary, any number of terms. */
export interface HashedFeatures {
  readonly kind: 'hashing'
  /** `2 ** bits` buckets; 1 to 24. */
  readonly bits: number
}

export interface TermWeighting {
  /** `1 + ln tf` in place of the term frequency tf. */
  readonly sublinearTf: boolean
  /** Rows of unit Euclidean length, or as they are. */
  readonly norm: 'l2' | 'none'
}

/** A fitted vectorizer; plain data. */
export interface TextVectorizerData {
  readonly analysis: TextAnalysis
  readonly weighting: TermWeighting
  readonly columns: number
  /** By column: `ln((1 + N) / (1 + df)) + 1`. */
  readonly idf: Float64Array
  readonly features: VocabularyFeatures | HashedFeatures
}

/** Which n-grams become columns. */
export interface VocabularyLimits {
  /** Least number of documents; below 1 a share of them. Default 1. */
  readonly minDf?: number
  /** Largest number of documents; up to 1 a share of them. Default 1, which is all. */
  readonly maxDf?: number
  /** At most this many, the most frequent ones; ties go to the first in order. */
  readonly maxFeatures?: number
}

export interface VectorizerOptions extends Partial<TextAnalysis>, Partial<TermWeighting>, VocabularyLimits {
  /** Hashing into `2 ** hashBits` buckets in place of a vocabulary; the limits of the vocabulary don't apply. */
  readonly hashBits?: number
}

/** Throws RPT_TEXT_ARGUMENT_INVALID. */
export function checkHashBits(bits: number): number {
  if (!Number.isInteger(bits) || bits < 1 || bits > 24) throw argumentError('hashBits', `is ${bits}, not within 1..24`)
  return bits
}

/** Throws RPT_TEXT_ARGUMENT_INVALID. */
export function checkLimits({ minDf = 1, maxDf = 1, maxFeatures = 1 }: VocabularyLimits): void {
  if (!(minDf >= 0)) throw argumentError('minDf', `is ${minDf}, not 0 or more`)
  if (!(maxDf > 0)) throw argumentError('maxDf', `is ${maxDf}, not positive`)
  if (!Number.isInteger(maxFeatures) || maxFeatures < 1) {
    throw argumentError('maxFeatures', `is ${maxFeatures}, not a positive integer`)
  }
}
