import { starterCorpus } from '@rapport/starter-texts'
import { expect, test } from 'vitest'
import { Random } from './random.ts'
import { writeReview } from './reviews.ts'

test('no sentence of a review stands in the texts of the starter models', () => {
  const random = new Random(3)
  const reviews = Array.from({ length: 600 }, (_, at) => writeReview(at % 2 === 0 ? 'en' : 'zh', (at % 7) / 6, random))
  const sentences = new Set(reviews.flatMap(({ review }) => review.split(/(?<=[.。])\s*/u)).filter(Boolean))
  expect(sentences.size).toBe(30)
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
  const learnt = starterCorpus('sentiment')
    .rows.map(({ text }) => plain(text))
    .join('\n')
  expect([...sentences].filter((sentence) => learnt.includes(plain(sentence)))).toEqual([])
})
