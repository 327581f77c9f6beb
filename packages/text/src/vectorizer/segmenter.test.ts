import { expect, it } from 'vitest'
import { createSegmenter, ownSegmenterBytes } from './segmenter.ts'

it('lets V8 know of the memory that words of its own take', () => {
  const before = process.memoryUsage().arrayBuffers
  const segmenter = createSegmenter([{ word: '降噪耳机壳' }])
  const known = process.memoryUsage().arrayBuffers - before
  expect(segmenter('降噪耳机壳')).toEqual(['降噪耳机壳'])
  expect(known / ownSegmenterBytes).toBeGreaterThan(0.9)
})

it('cuts a text into words that are the text again', () => {
  // jieba 0.42.1 in Python cuts it so.
  const text = '距离川沙公路较近,但是公交指示不对 12.5元 C++ 😀'
  const words = createSegmenter()(text)
  expect(words.slice(0, 10)).toEqual(['距离', '川沙', '公路', '较近', ',', '但是', '公交', '指示', '不', '对'])
  expect(words).toEqual(expect.arrayContaining(['12.5', 'C++', '😀']))
  expect(words.join('')).toBe(text)
})

it('takes words of its own, and keeps them from others', () => {
  const text = '这款降噪耳机壳不错'
  expect(createSegmenter([{ word: '降噪耳机壳' }])(text)).toContain('降噪耳机壳')
  expect(createSegmenter()(text)).not.toContain('降噪耳机壳')
  expect(createSegmenter([{ word: '降噪耳机壳' }])).toBe(createSegmenter([{ word: '降噪耳机壳' }]))
})

it.each([
  [{ word: 'two words' }, /no single word/],
  [{ word: '' }, /no single word/],
  [{ word: '词', frequency: 0 }, /positive integer/],
])('refuses %o', (word, message) => {
  expect(() => createSegmenter([word])).toThrow(message)
})
