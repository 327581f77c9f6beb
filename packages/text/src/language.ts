export type Language = 'zh' | 'en' | 'mixed' | 'other'

export interface LanguageShares {
  readonly language: Language
  /** Code points by script. */
  readonly han: number
  readonly latin: number
  /** Letters of every other script, kana among them. */
  readonly otherLetters: number
}

/** A word takes about three times as many Latin letters as Han characters, so a letter counts a third. */
const lettersPerHan = 3
const leastChinese = 0.6
const mostEnglish = 0.1
const mostOther = 0.3

const otherLetter = /\p{L}/u

/**
 * What a text is written in, by its characters alone. With h Han characters, l Latin letters and o letters of other
 * scripts, in units of a Han character (a letter is a third): `other` when there are no letters or o is above 0.3 of all;
 * else by the share of h in h + l: from 0.6 on `zh`, up to 0.1 `en`, between them `mixed`. Any language in Latin letters
 * is `en`; Japanese is `other` by its kana. Linear, without allocation.
 */
export function detectLanguage(text: string): LanguageShares {
  let han = 0
  let latin = 0
  let otherLetters = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.codePointAt(at) as number
    if (code > 0xff_ff) at += 1
    if (isHan(code)) han += 1
    else if (isLatin(code)) latin += 1
    else if (code > 0x2_4f && otherLetter.test(String.fromCodePoint(code))) otherLetters += 1
  }
  return { language: languageOf(han, latin / lettersPerHan, otherLetters / lettersPerHan), han, latin, otherLetters }
}

function languageOf(han: number, latin: number, other: number): Language {
  const all = han + latin + other
  if (all === 0 || other > mostOther * all) return 'other'
  const share = han / (han + latin)
  if (share >= leastChinese) return 'zh'
  return share <= mostEnglish ? 'en' : 'mixed'
}

/** Whether a code point is a Han character (unified ideographs with all extensions, compatibility forms, 々 and 〇). */
export function isHan(code: number): boolean {
  if (code < 0x30_05) return false
  return (
    (code >= 0x4e_00 && code <= 0x9f_ff) ||
    (code >= 0x34_00 && code <= 0x4d_bf) ||
    (code >= 0xf9_00 && code <= 0xfa_ff) ||
    (code >= 0x2_00_00 && code <= 0x3_ff_ff) ||
    code === 0x30_05 ||
    code === 0x30_07
  )
}

function isLatin(code: number): boolean {
  const lower = code | 0x20
  if (lower >= 0x61 && lower <= 0x7a) return code <= 0x7a
  if (code < 0xc0) return false
  if (code <= 0x2_4f) return code !== 0xd7 && code !== 0xf7
  return (
    (code >= 0x1e_00 && code <= 0x1e_ff) || (code >= 0xff_21 && code <= 0xff_3a) || (code >= 0xff_41 && code <= 0xff_5a)
  )
}
