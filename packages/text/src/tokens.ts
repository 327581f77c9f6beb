import { stemmer } from 'stemmer'
import { normalize } from './normalize.ts'

const runs =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+|[[\p{L}\p{M}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]]+(?:'[\p{Script=Latin}\p{M}]+)*/gv
const ideographic = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/u
const englishWord = /^[a-z]{3,}$/
const possessive = /'s?$/
const segmenter = new Intl.Segmenter('zh', { granularity: 'word' })

/**
 * Search tokens of a text, in order, with repetitions. English words are stemmed (Porter 1980) so that singular and
 * plural meet; runs of Chinese give the dictionary's words of two characters and more and all character bigrams, so that
 * a word the dictionary cuts differently in two texts still meets itself. Other scripts give their words.
 */
export function tokenize(text: string): string[] {
  const tokens: string[] = []
  for (const [run] of normalize(text).matchAll(runs)) {
    if (ideographic.test(run)) pushIdeographic(run, tokens)
    else pushWord(run, tokens)
  }
  return tokens
}

function pushWord(run: string, tokens: string[]): void {
  const word = run.replace(possessive, '')
  if (word.length > maxTokenLength) return
  tokens.push(englishWord.test(word) ? stemmer(word) : word)
}

/** Longer runs of letters are identifiers or noise, and would bloat a vocabulary. */
const maxTokenLength = 64

function pushIdeographic(run: string, tokens: string[]): void {
  const characters = Array.from(run)
  if (characters.length === 1) {
    tokens.push(run)
    return
  }
  for (const { segment } of segmenter.segment(run)) {
    const length = Array.from(segment).length
    // A word of two characters is one of the bigrams below.
    if (length > 2 && length <= maxTokenLength) tokens.push(segment)
  }
  for (let at = 1; at < characters.length; at += 1) tokens.push(`${characters[at - 1] ?? ''}${characters[at] ?? ''}`)
}

/** How often each token occurs. */
export function countTokens(tokens: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1)
  return counts
}
