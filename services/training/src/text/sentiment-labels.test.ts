import { expect, it } from 'vitest'
import { readSentiments } from './sentiment-labels.ts'

const meaning = (...labels: string[]): string[] => [...readSentiments(labels).values()]

it('reads words, signs and stars', () => {
  expect(meaning('Pos', 'NEG', ' neutral ')).toEqual(['positive', 'negative', 'neutral'])
  expect(meaning('好评', '差评')).toEqual(['positive', 'negative'])
  expect(meaning('0', '1')).toEqual(['negative', 'positive'])
  expect(meaning('0', '1', '-1')).toEqual(['neutral', 'positive', 'negative'])
  expect(meaning('-1', '0', '+1')).toEqual(['negative', 'neutral', 'positive'])
  expect(meaning('-1', '+1')).toEqual(['negative', 'positive'])
  expect(meaning('0', '+1')).toEqual(['negative', 'positive'])
  expect(meaning('1', '2', '3', '4', '5')).toEqual(['negative', 'negative', 'neutral', 'positive', 'positive'])
})

it('names the labels that mean no sentiment', () => {
  expect(() => readSentiments(['positive', 'delivery', 'price'])).toThrow(
    'the labels delivery, price are no sentiments',
  )
})
