import { expect, test } from 'vitest'
import { answerMetrics, countAnswers, readAnswerCounts } from './answer-counts.ts'

const names = ['no', 'yes']

test('answers are counted by label and by tenths of their probability', () => {
  const { labels, confidence, total } = countAnswers(Float32Array.of(0.25, 0.75, 1, 0, 0.5, 0.5), 2)
  expect([...labels]).toEqual([2, 1])
  expect([...confidence]).toEqual([0, 0, 0, 0, 0, 1, 0, 1, 0, 1])
  expect(total).toBe(3)
})

test('a manifest has them by name', () => {
  const counts = countAnswers(Float32Array.of(0.25, 0.75, 1, 0), 2)
  const metrics = answerMetrics(counts, names)
  expect(metrics['test answers']).toEqual({ no: 1, yes: 1 })
  expect(metrics['test confidence']).toMatchObject({ '0.7-0.8': 1, '0.9-1.0': 1 })
  expect(readAnswerCounts(metrics, names)).toEqual(counts)
})

test('a manifest without them is told from one with them', () => {
  expect(readAnswerCounts({ test: { accuracy: 1 } }, names)).toBeUndefined()
})
