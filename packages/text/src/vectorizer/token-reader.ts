import { isHan } from '../language.ts'
import type { SpanList } from './span-list.ts'
import { createSegmenter, type Segmenter } from './segmenter.ts'
import { prepareText, type TextAnalysis } from './text-analysis.ts'

/**
 * Reads the tokens of a prepared text into `out`, in place of what was there. A token's number is its code point with the
 * `char` analyser, otherwise what `idOf` gives, which is called once for each token in order.
 */
export type TokenReader = (text: string, out: SpanList, idOf: (token: string) => number) => void

const words = /\p{Script=Han}+|[[\p{L}\p{N}_]--\p{Script=Han}]{2,}/gv
/** The reader of an analysis. Throws what `createSegmenter` throws. */
export function createTokenReader(analysis: TextAnalysis): TokenReader {
  const { analyzer } = analysis
  if (analyzer === 'char') return readCharacters
  const userWords = analysis.userWords.map((each) => ({ ...each, word: prepareText(each.word, analysis) }))
  let segmenter: Segmenter | undefined = userWords.length === 0 ? undefined : createSegmenter(userWords)
  const cut: Segmenter = (text) => (segmenter ??= createSegmenter())(text)
  return analyzer === 'jieba'
    ? (text, out, idOf) => {
        out.length = 0
        pushSegments(text, 0, { cut, out, idOf })
      }
    : (text, out, idOf) => readWords(text, { cut, out, idOf })
}

interface WordTarget {
  readonly cut: Segmenter
  readonly out: SpanList
  readonly idOf: (token: string) => number
}

function readWords(text: string, target: WordTarget): void {
  const { out, idOf } = target
  out.length = 0
  words.lastIndex = 0
  for (let found = words.exec(text); found !== null; found = words.exec(text)) {
    const run = found[0]
    if (isHan(run.codePointAt(0) as number)) pushSegments(run, found.index, target)
    else out.push(idOf(run), found.index, found.index + run.length)
  }
}

function pushSegments(text: string, offset: number, { cut, out, idOf }: WordTarget): void {
  let start = offset
  for (const segment of cut(text)) {
    const end = start + segment.length
    if (!isBlank(segment)) out.push(idOf(segment), start, end)
    start = end
  }
}

const readCharacters: TokenReader = (text, out) => {
  out.length = 0
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at) as number
    let end = at + (code > 0xff_ff ? 2 : 1)
    if (isWhiteSpace(code)) {
      while (end < text.length && isWhiteSpace(text.charCodeAt(end))) end += 1
      // A run is one blank; a single character stays what it is.
      out.push(end - at > 1 ? 0x20 : code, at, end)
    } else {
      out.push(code, at, end)
    }
    at = end
  }
}

function isBlank(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!isWhiteSpace(text.charCodeAt(at))) return false
  return true
}

/** What Python's `\s` matches: what JavaScript's does, but for the byte order mark, and five control characters. */
function isWhiteSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f)
  if (code < 0x16_80) return code === 0x85 || code === 0xa0
  if (code < 0x20_00) return code === 0x16_80
  return (
    code <= 0x20_0a || code === 0x20_28 || code === 0x20_29 || code === 0x20_2f || code === 0x20_5f || code === 0x30_00
  )
}
