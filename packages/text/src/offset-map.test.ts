import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { mapOffsets, originalSpan } from './offset-map.ts'

const change = (text: string): string => text.normalize('NFKC').toLowerCase()
const spanOf = (original: string, part: string): string => {
  const changed = change(original)
  const start = changed.indexOf(part)
  expect(start).toBeGreaterThanOrEqual(0)
  const { start: from, end } = originalSpan(mapOffsets(original, changed, change), start, start + part.length)
  return original.slice(from, end)
}

it.each([
  ['unchanged words', 'words', 'words'],
  ['ＡＢＣ 很好', '很好', '很好'],
  ['ﬁne, ﬂat', 'flat', 'ﬂat'],
  ['cafe\u0301 noir', 'noir', 'noir'],
  ['cafe\u0301 noir', 'café', 'cafe\u0301'],
  ['½杯 ㎏', '杯', '杯'],
  ['½杯 ㎏', 'kg', '㎏'],
  ['😀İstanbul 𝐁old', 'bold', '𝐁old'],
  ['ｶﾞｲﾄﾞ後', '後', '後'],
  ['\u1112\u1161\u11ab국 좋다', '좋다', '좋다'],
])('in %o the part %o comes from %o', (original, part, expected) => {
  expect(spanOf(original, part)).toBe(expected)
})

const pieces = [
  'a',
  'Ａ',
  'ﬁ',
  'é',
  'e\u0301',
  '\u0345',
  'ｶ',
  'ﾞ',
  '\u1112',
  '\u1161',
  '\u11ab',
  '국',
  'İ',
  'Σ',
  '😀',
  '𝐁',
  '½',
  ' ',
]

it('covers every part of any text, in order', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...pieces), maxLength: 30 }), (original) => {
      const map = mapOffsets(original, change(original), change)
      if (map === undefined) return
      const { starts, ends } = map
      const sound = starts.every(
        (start, unit) =>
          start < (ends[unit] ?? 0) && (ends[unit] ?? 0) <= original.length && start >= (starts[unit - 1] ?? 0),
      )
      expect(sound).toBe(true)
    }),
  )
})
