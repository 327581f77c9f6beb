import type { TokenWeight } from './explain-text.ts'

const letter = /^[[\p{L}\p{M}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]]/v

/**
 * Characters that make up a word, where words are written of letters, as one token with the sum of their weights; others,
 * Chinese ones among them, stay as they are.
 */
export function joinLetters(text: string, characters: readonly TokenWeight[]): TokenWeight[] {
  const joined: TokenWeight[] = []
  let isWord = false
  for (const token of characters) {
    const isLetter = letter.test(text.slice(token.start, token.end))
    const before = joined.at(-1)
    if (isLetter && isWord && before !== undefined && before.end === token.start) {
      joined[joined.length - 1] = { start: before.start, end: token.end, weight: before.weight + token.weight }
    } else joined.push(token)
    isWord = isLetter
  }
  return joined
}
