import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toTextAnalysis } from './text-analysis.ts'
import { TextTokenizer } from './text-tokenizer.ts'

it('cuts words and characters, with their places in the text as it was given', () => {
  const words = new TextTokenizer(toTextAnalysis({}))
  expect(words.spans('Ｇｒｅａｔ 房间很大！')).toEqual([
    { token: 'great', start: 0, end: 5 },
    { token: '房间', start: 6, end: 8 },
    { token: '很大', start: 8, end: 10 },
  ])
  const characters = new TextTokenizer(toTextAnalysis({ analyzer: 'char' }))
  expect(characters.spans('好 😀')).toEqual([
    { token: '好', start: 0, end: 1 },
    { token: ' ', start: 1, end: 2 },
    { token: '😀', start: 2, end: 4 },
  ])
  expect(characters.tokens('Ab')).toEqual(['a', 'b'])
})

it('takes words of its own in any writing', () => {
  const text = '新款 ＩＰＨＯＮＥ手机壳 很好'
  const analysis = toTextAnalysis({ analyzer: 'jieba', userWords: [{ word: 'iPhone手机壳' }] })
  expect(new TextTokenizer(analysis).tokens(text)).toContain('iphone手机壳')
  expect(new TextTokenizer(toTextAnalysis({ analyzer: 'jieba' })).tokens(text)).not.toContain('iphone手机壳')
})

it('gives every token a span within the text', () => {
  for (const analyzer of ['word', 'jieba', 'char'] as const) {
    const tokenizer = new TextTokenizer(toTextAnalysis({ analyzer }))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { token, start, end } of tokenizer.spans(text)) {
          expect(token).not.toBe('')
          expect(start).toBeGreaterThanOrEqual(0)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(text.length)
        }
      }),
    )
  }
})
