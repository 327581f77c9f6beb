import { array, assert, constantFrom, property } from 'fast-check'
import { expect, test } from 'vitest'
import { splitSentences } from './sentences.ts'

const sentencesOf = (text: string): string[] => splitSentences(text).map(({ start, end }) => text.slice(start, end))

/** Of the first `end` units. */
const codePoints = (text: string, end: number): number => Array.from(text.slice(0, end)).length

test.each<[text: string, sentences: string[]]>([
  ['', []],
  [' \n\t　', []],
  ['Great phone. Battery lasts long!! Again?', ['Great phone.', 'Battery lasts long!!', 'Again?']],
  ['很好。快！！盒子“完好。”贵了点…值得。', ['很好。', '快！！', '盒子“完好。”', '贵了点…', '值得。']],
  ['服务差……不会再来了～～真的', ['服务差……', '不会再来了～～', '真的']],
  ['We chose plan A. It was great, said J. Doe', ['We chose plan A.', 'It was great, said J. Doe']],
  ['Dr. Lee paid $3.50, e.g. at No. 5 by J. Doe. Fine.', ['Dr. Lee paid $3.50, e.g. at No. 5 by J. Doe.', 'Fine.']],
  ['I said no. Then I left', ['I said no.', 'Then I left']],
  ['one\ntwo\r\n\r\n three', ['one', 'two', 'three']],
  ['1. Unpack\n2. Plug in', ['1. Unpack', '2. Plug in']],
  ['😀 good. 👍👍\nBad!! ... Worse', ['😀 good. 👍👍', 'Bad!! ...', 'Worse']],
  ['?! ...', ['?! ...']],
])('%j', (text, sentences) => {
  expect(sentencesOf(text)).toEqual(sentences)
})

test('offsets are those of UTF-16 units and of code points', () => {
  expect(splitSentences(' 𠮷野家。👍👍 Good. End')).toEqual([
    { start: 1, end: 6, startCodePoint: 1, endCodePoint: 5 },
    { start: 6, end: 16, startCodePoint: 5, endCodePoint: 13 },
    { start: 17, end: 20, startCodePoint: 14, endCodePoint: 17 },
  ])
})

test('of more sentences than the limit the last has all that is beyond', () => {
  const text = 'One. Two! 三。四？ five \n'
  const cut = (limit: number) => splitSentences(text, limit).map(({ start, end }) => text.slice(start, end))
  expect(cut(1)).toEqual(['One. Two! 三。四？ five'])
  expect(cut(3)).toEqual(['One.', 'Two!', '三。四？ five'])
  expect(splitSentences('😀 Ok. No. 😀 Why ', 2)).toEqual([
    { start: 0, end: 6, startCodePoint: 0, endCodePoint: 5 },
    { start: 7, end: 17, startCodePoint: 6, endCodePoint: 15 },
  ])
  expect(splitSentences(text, 5)).toEqual(splitSentences(text))
  expect(splitSentences(' ', 1)).toEqual([])
})

test('sentences stand in order, have no white space around them, and only white space is between them', () => {
  const parts = constantFrom(
    'a',
    'B',
    '好',
    '。',
    '. ',
    '!',
    '？',
    '\n',
    ' ',
    '5',
    'Mr.',
    '😀',
    '"',
    '\ud800',
    '\u3000',
  )
  assert(
    property(array(parts, { maxLength: 30 }), (drawn) => {
      const text = drawn.join('')
      let from = 0
      for (const { start, end, startCodePoint, endCodePoint } of splitSentences(text)) {
        expect(text.slice(from, start).trim()).toBe('')
        const sentence = text.slice(start, end)
        expect(sentence).toBe(sentence.trim())
        expect(sentence).not.toBe('')
        expect([startCodePoint, endCodePoint]).toEqual([codePoints(text, start), codePoints(text, end)])
        from = end
      }
      expect(text.slice(from).trim()).toBe('')
    }),
  )
})
