import { fitTextVectorizer } from '@rapport/text'
import { columnMeans, trainLinearSvm } from '@rapport/ml'
import { expect, it } from 'vitest'
import { createTextExplainer } from './explain-text.ts'
import { joinLetters } from './join-letters.ts'
import { smallLabels, smallTexts } from './testing/small-classifiers.ts'
import { TextClassifier } from './text-classifier.ts'

it('joins the letters of a word and leaves other characters alone', () => {
  const text = 'Só 好的, ok2!'
  const characters = Array.from(text, (_, at) => ({ start: at, end: at + 1, weight: 1 }))
  const joined = joinLetters(text, characters)
  expect(joined.map(({ start, end }) => text.slice(start, end))).toEqual(['Só', ' ', '好', '的', ',', ' ', 'ok2', '!'])
  expect(joined.map(({ weight }) => weight)).toEqual([2, 1, 1, 1, 1, 1, 3, 1])
})

it('makes the explanation of a model on characters one of words, as exact as before', async () => {
  const { texts, labels } = smallTexts(2)
  const { data: vectorizer, matrix } = fitTextVectorizer(texts, { analyzer: 'char', ngrams: [1, 4] })
  const model = await trainLinearSvm(matrix, labels, { classes: 2 })
  const scorer = { kind: 'linear', scores: 'margins', vectorizer, means: columnMeans(matrix), model } as const
  const calibration = { kind: 'temperature', temperature: 1 } as const
  const explain = createTextExplainer(new TextClassifier({ labels: smallLabels.slice(0, 2), calibration, scorer }))
  const text = 'a lovely 房间'
  const { base, value, tokens } = await explain(text, 0, { seed: 1 })
  expect(tokens.map(({ start, end }) => text.slice(start, end))).toEqual(['a', ' ', 'lovely', ' ', '房', '间'])
  expect(tokens.reduce((sum, { weight }) => sum + weight, base)).toBeCloseTo(value, 6)
  expect(Math.max(...tokens.map(({ weight }) => weight))).toBe(tokens[2]?.weight)
})
