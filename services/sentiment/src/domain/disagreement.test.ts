import { expect, test } from 'vitest'
import { checkSentimentLabels } from './check-labels.ts'
import { isMixed } from './disagreement.ts'

const labels = ['negative', 'neutral', 'positive']
const even = [1 / 3, 1 / 3, 1 / 3]
const bad = [0.8, 0.1, 0.1]
const good = [0.1, 0.15, 0.75]

test.each<[string, readonly number[][], readonly number[], boolean]>([
  ['one clearly positive and one clearly negative', [good, even, bad], even, true],
  ['both the same', [good, good], even, false],
  ['one alone', [bad], even, false],
  ['one in doubt', [[0.69, 0.01, 0.3], good], even, false],
  ['a label that the model gives whatever it reads', [good, bad], [0.1, 0.2, 0.7], false],
  ['more of that label than it gives by habit', [[0.05, 0.05, 0.9], bad], [0.1, 0.2, 0.7], true],
  [
    'certainty',
    [
      [1, 0, 0],
      [0, 0, 1],
    ],
    even,
    true,
  ],
])('%s', (_, rows, baseline, expected) => {
  const scores = { labels, rows: rows.map((row) => new Float32Array(row)), baseline: new Float32Array(baseline) }
  expect(isMixed(scores)).toBe(expected)
})

test('of two labels they are the ends', () => {
  const rows = [new Float32Array([0.9, 0.1]), new Float32Array([0.2, 0.8])]
  expect(isMixed({ labels: ['positive', 'negative'], rows, baseline: new Float32Array([0.5, 0.5]) })).toBe(true)
})

test('labels of a sentiment model', () => {
  for (const known of [labels, labels.toReversed(), ['negative', 'positive']]) checkSentimentLabels({ labels: known })
  expect(() => checkSentimentLabels({ labels, isMultiLabel: true })).toThrow('a text may have several')
  expect(() => checkSentimentLabels({ labels: ['negative', 'positive', 'angry'] })).toThrow('"angry" is no sentiment')
  expect(() => checkSentimentLabels({ labels: ['neutral', 'positive'] })).toThrow('there is no negative')
})
