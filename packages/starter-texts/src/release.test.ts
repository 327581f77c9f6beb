import { expect, test } from 'vitest'
import { isShipped, shippedStarters, type StarterModel } from './release.ts'

const measured = (accuracy: number) => ({ accuracy, meanConfidence: 0.7, rows: 1000 })
const sentiment = (figures: Readonly<Record<string, number>>): StarterModel => ({
  model: 'sentiment',
  task: 'sentiment',
  revision: 'a',
  measured: Object.fromEntries(Object.entries(figures).map(([set, accuracy]) => [set, measured(accuracy)])),
})

test('a sentiment model is shipped from 68 % on both sets on', () => {
  expect(isShipped(sentiment({ chnsenticorp: 0.68, 'sst-2': 0.68 }))).toBe(true)
  expect(isShipped(sentiment({ chnsenticorp: 0.9, 'sst-2': 0.679 }))).toBe(false)
  expect(isShipped(sentiment({ chnsenticorp: 0.679, 'sst-2': 0.9 }))).toBe(false)
  expect(isShipped(sentiment({ chnsenticorp: 0.9 }))).toBe(false)
})

test('this release brings both models, with their figures', () => {
  expect(shippedStarters.map(({ model }) => model)).toEqual(['sentiment', 'text'])
  for (const { measured } of shippedStarters) expect(Object.keys(measured).length).toBeGreaterThan(0)
})
