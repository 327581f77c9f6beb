import { argumentError } from '../errors.ts'
import type { UserWord } from './segmenter.ts'

/** How a text becomes tokens and n-grams; plain data. */
export interface TextAnalysis {
  /**
   * `word`: runs of Han characters are cut into words, other scripts give their words of two characters and more (the
   * default pattern of scikit-learn, `\b\w\w+\b`), borders of scripts separate. `jieba`: whatever the segmentation gives
   * of the whole text, punctuation too, but white space. `char`: code points, a run of white space being one blank, as
   * scikit-learn's `char`.
   */
  readonly analyzer: 'word' | 'jieba' | 'char'
  /** Shortest and longest n-gram, in tokens. */
  readonly ngrams: readonly [shortest: number, longest: number]
  readonly lowercase: boolean
  /** Unicode compatibility composition (full width to half width), or the text as it is. */
  readonly normalization: 'nfkc' | 'none'
  /** For the segmentation; they are prepared as the texts are. */
  readonly userWords: readonly UserWord[]
}

const defaults: TextAnalysis = {
  analyzer: 'word',
  ngrams: [1, 1],
  lowercase: true,
  normalization: 'nfkc',
  userWords: [],
}

const longestNgram = 8

/** Fills in the defaults (words, 1-grams, lower case, NFKC). Throws RPT_TEXT_ARGUMENT_INVALID. */
export function toTextAnalysis(options: Partial<TextAnalysis>): TextAnalysis {
  const analysis = { ...defaults, ...options }
  const { ngrams, analyzer, normalization, userWords } = analysis
  const [shortest, longest] = ngrams
  if (!Number.isInteger(shortest) || !Number.isInteger(longest) || shortest < 1 || longest < shortest) {
    throw argumentError('ngrams', `is ${ngrams.join('-')}, not a range of positive integers`)
  }
  if (longest > longestNgram) throw argumentError('ngrams', `goes to ${longest}, above ${longestNgram}`)
  if (!['word', 'jieba', 'char'].includes(analyzer)) throw argumentError('analyzer', `is ${analyzer}`)
  if (!['nfkc', 'none'].includes(normalization)) throw argumentError('normalization', `is ${normalization}`)
  if (!Array.isArray(userWords)) throw argumentError('userWords', 'is no list of words')
  for (const [at, entry] of userWords.entries()) checkUserWord(entry, at)
  return analysis
}

/** A dictionary's entry that a stored model brings, too. */
function checkUserWord(entry: unknown, at: number): void {
  const { word, frequency = 1 } = (entry ?? {}) as Partial<Record<keyof UserWord, unknown>>
  if (typeof word !== 'string' || typeof frequency !== 'number') {
    throw argumentError('userWords', `has no word and frequency at ${at}`)
  }
}

/** The text as the tokens are taken from it. Lone surrogates become U+FFFD. */
export function prepareText(text: string, analysis: Pick<TextAnalysis, 'lowercase' | 'normalization'>): string {
  const wellFormed = text.toWellFormed()
  const composed = analysis.normalization === 'nfkc' ? wellFormed.normalize('NFKC') : wellFormed
  return analysis.lowercase ? composed.toLowerCase() : composed
}
