/** A piece of a text, [start, end) in UTF-16 units and in code points. */
export interface SentenceSpan {
  readonly start: number
  readonly end: number
  readonly startCodePoint: number
  readonly endCodePoint: number
}

/** Its rules are the same for all languages (but for the Greek question mark): Unicode Standard Annex 29, "Sentence Boundaries". */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** Where the annex sees no end, but informal Chinese has one: behind what trails off, before a Han character. */
const trailing = /(?<=[…～~])(?=\p{Script=Han})/u
const content = /[\p{L}\p{N}]/u
const lineEnd = /[\n\r\u0085\u2028\u2029]\s*$/u
/** What ends with a full stop and seldom ends a sentence: the annex's rules know no words. */
const abbreviation =
  /(?:^|[\s(])(?:[Mm]rs?|[Mm]s|[Dd]r|[Pp]rof|[Ss]t|[JjSs]r|vs|[Aa]pprox|ca|[Dd]ept|[Ee]st|[Ii]nc|[Ll]td|e\.g|i\.e)\.\s*$/u
/** Before a name: J. Doe. */
const initial = /(?:^|[\s(])\p{Lu}\.\s*$/u
const opening =
  /^\s*(?:I|You|He|She|It|We|They|This|That|These|Those|There|The|An?|My|Our|Your|And|But|So|Then|Not?|Next)\b/u
/** Before a number: No. 5. */
const numbering = /(?:^|[\s(])(?:no|nr|fig|vol|pp?)\.\s*$/iu
/** Of a list: 1. First */
const listNumber = /^\s*\p{N}+\.\s*$/u

const goesOn = (sentence: string, next: string): boolean =>
  abbreviation.test(sentence) ||
  listNumber.test(sentence) ||
  (initial.test(sentence) && !opening.test(next)) ||
  (numbering.test(sentence) && /^\s*\p{N}/u.test(next))

/**
 * The sentences of a text in order, without the white space around them; text between them is white space alone. What has
 * neither letter nor digit (an emoji, a row of marks) belongs to the sentence before it, or to the first. A text of marks
 * alone is one sentence; of white space alone, none. A line's end always ends a sentence. Linear.
 * @param limit At most so many, 1 or more: what is beyond belongs to the last.
 */
export function splitSentences(text: string, limit = Number.POSITIVE_INFINITY): SentenceSpan[] {
  const pieces: { start: number; end: number }[] = []
  let before = ''
  let isLineOpen = false
  let hasContent = false
  for (const { segment, index } of segmentsOf(text)) {
    const isBlank = segment.trim() === ''
    const last = pieces.at(-1)
    const end = index + segment.trimEnd().length
    const belongs = !hasContent || !content.test(segment) || (isLineOpen && goesOn(before, segment))
    if (last !== undefined && belongs) last.end = isBlank ? last.end : end
    else if (last !== undefined && !isBlank && pieces.length >= limit) {
      last.end = text.trimEnd().length
      break
    } else if (!isBlank) {
      pieces.push({ start: index + segment.length - segment.trimStart().length, end })
      hasContent = false
    }
    hasContent ||= content.test(segment)
    isLineOpen = !lineEnd.test(segment) && (isLineOpen || !isBlank)
    if (!isBlank) before = segment
  }
  return withCodePoints(text, pieces)
}

function* segmentsOf(text: string): Generator<{ readonly segment: string; readonly index: number }> {
  for (const { segment, index } of segmenter.segment(text)) {
    let start = index
    for (const part of segment.split(trailing)) {
      yield { segment: part, index: start }
      start += part.length
    }
  }
}

function withCodePoints(text: string, pieces: readonly { start: number; end: number }[]): SentenceSpan[] {
  let unit = 0
  let codePoint = 0
  const codePointAt = (target: number): number => {
    for (; unit < target; unit += (text.codePointAt(unit) as number) > 0xff_ff ? 2 : 1) codePoint += 1
    return codePoint
  }
  return pieces.map(({ start, end }) => ({
    start,
    end,
    startCodePoint: codePointAt(start),
    endCodePoint: codePointAt(end),
  }))
}
