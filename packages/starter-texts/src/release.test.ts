import { expect, test } from 'vitest'
import { isOfLaterRelease, isShipped, shippedStarters, starterVersion, type StarterModel } from './release.ts'

const measured = (accuracy: number) => ({ accuracy, meanConfidence: 0.7, rows: 1000 })
const sentiment = (figures: Readonly<Record<string, number>>): StarterModel => ({
  model: 'sentiment',
  task: 'sentiment',
  release: 1,
  revision: 'a',
  measured: Object.fromEntries(Object.entries(figures).map(([set, accuracy]) => [set, measured(accuracy)])),
  chosenOn: Object.keys(figures),
})

test('a sentiment model is shipped from 68 % on both sets on', () => {
  expect(isShipped(sentiment({ chnsenticorp: 0.68, 'sst-2': 0.68 }))).toBe(true)
  expect(isShipped(sentiment({ chnsenticorp: 0.9, 'sst-2': 0.679 }))).toBe(false)
  expect(isShipped(sentiment({ chnsenticorp: 0.679, 'sst-2': 0.9 }))).toBe(false)
  expect(isShipped(sentiment({ chnsenticorp: 0.9 }))).toBe(false)
})

test('this release brings both models, with their figures', () => {
  expect(shippedStarters.map(({ model }) => model)).toEqual(['sentiment', 'text'])
  for (const { measured, chosenOn } of shippedStarters) {
    expect(Object.keys(measured)).toEqual(expect.arrayContaining([...chosenOn]))
    expect(chosenOn.length).toBeGreaterThan(0)
  }
})

test('of two versions the release tells which is the later one, not the revision', () => {
  const starter = { release: 9, revision: 'f' }
  expect(isOfLaterRelease(starterVersion({ release: 10, revision: 'a' }), starter)).toBe(true)
  expect(isOfLaterRelease(starterVersion(starter), starter)).toBe(false)
  expect(isOfLaterRelease(starterVersion({ release: 8, revision: 'g' }), starter)).toBe(false)
  expect(isOfLaterRelease('a-version-of-another-name', starter)).toBe(false)
})
