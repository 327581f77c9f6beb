import { fitTextVectorizer, TextVectorizer } from '@rapport/text'
import { expect, it } from 'vitest'
import { generatedReviews } from '../testing/text-datasets.ts'
import { countTexts, fitWeighing, weighRows } from './counted-texts.ts'
import { vectorizerOptions, type FeatureSet } from './text-recipe.ts'

const texts = [...generatedReviews(60, { language: 'en' }), ...generatedReviews(60, { language: 'zh' })].map(
  ({ text }) => text,
)
const train = Int32Array.from({ length: 90 }, (_, at) => at)
const held = Int32Array.from({ length: 30 }, (_, at) => 90 + at)
const pick = (rows: Int32Array): string[] => Array.from(rows, (row) => texts[row]!)

it.each<FeatureSet>([
  { analyzer: 'word', ngrams: [1, 2], minDf: 1, maxFeatures: 10_000 },
  { analyzer: 'char', ngrams: [1, 3], minDf: 2, maxFeatures: 10_000 },
  { analyzer: 'char', ngrams: [2, 4], minDf: 3, maxFeatures: 40 },
  { analyzer: 'jieba', ngrams: [1, 2], minDf: 2, maxFeatures: 40, hashBits: 12, dictionary: ['马上就坏了'] },
])('weighs rows as a vectorizer that is fitted to the others: $analyzer $ngrams', async (features) => {
  const counted = await countTexts(texts, features, {})
  const weighing = fitWeighing(counted, train)
  const { data, matrix } = fitTextVectorizer(pick(train), vectorizerOptions(features))
  for (const [ours, theirs] of [
    [weighRows(counted, weighing, train), matrix],
    [weighRows(counted, weighing, held), new TextVectorizer(data).transform(pick(held))],
  ] as const) {
    expect(ours.columns).toBe(theirs.columns)
    expect(ours.starts).toEqual(theirs.starts)
    expect(ours.indices).toEqual(theirs.indices)
    ours.values.forEach((value, at) => expect(value).toBeCloseTo(theirs.values[at]!, 5))
  }
})

it('says when no word is left', async () => {
  const counted = await countTexts(['one', 'two'], { analyzer: 'word', ngrams: [1, 1], minDf: 1, maxFeatures: 9 }, {})
  expect(() => fitWeighing(counted, new Int32Array())).toThrow('no word stands in enough of the texts')
})
