import {
  columnMeans,
  fitCalibration,
  fitIndependentCalibration,
  trainBinaryRelevance,
  trainLinearSvm,
  trainLogisticRegression,
} from '@rapport/ml'
import { fitTextVectorizer } from '@rapport/text'
import { describe, expect, it } from 'vitest'
import { createTextExplainer } from './explain-text.ts'
import { createTextScorer } from './score-texts.ts'
import { smallLabels, smallScorers, smallTexts } from './testing/small-classifiers.ts'
import type { LinearTextScorer, TextClassifierData, TextScorer } from './text-classifier-data.ts'
import { TextClassifier } from './text-classifier.ts'

const texts = ['a lovely hotel room, number 3', 'where is the bad tea pot 手机？', '很好 but awful, awful', 'ÀÉ 😀', '']

interface Explained {
  /** By label: what the calibration is given. */
  readonly scores: readonly number[]
  /** By label: what is explained. */
  readonly values: readonly number[]
}

/** By text; each explanation's base and weights have to add up to its value. */
function explainAll(data: TextClassifierData): Promise<Explained[]> {
  const explain = createTextExplainer(new TextClassifier(data))
  const score = createTextScorer(data.scorer)
  return Promise.all(
    texts.map(async (text) => {
      const values = data.labels.map(async (_, label) => {
        const { value, base, tokens } = await explain(text, label, { seed: 1 })
        const sum = tokens.reduce((total, { weight }) => total + weight, base)
        expect(Math.abs(sum - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)))
        return value
      })
      return { scores: [...score([text])], values: await Promise.all(values) }
    }),
  )
}

const aboveMean = (values: readonly number[]): number[] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.map((value) => value - mean)
}
const close = (expected: readonly number[]): unknown[] => expected.map((value) => expect.closeTo(value, 5) as unknown)

describe.each([2, 3])('explanations of %i classes', async (classes) => {
  const scorers = await smallScorers(classes)
  const training = smallTexts(classes)
  const withCalibration = (scorer: TextScorer, kind: 'platt' | 'isotonic' | 'temperature'): TextClassifierData => {
    const scores = createTextScorer(scorer)(training.texts)
    const calibration = fitCalibration(kind, scores, training.labels, classes)
    return { labels: smallLabels.slice(0, classes), scorer, calibration }
  }

  it.each(['platt', 'isotonic', 'temperature'] as const)(
    'add up to the margins that are calibrated by %s',
    async (kind) => {
      for (const { scores, values } of await explainAll(withCalibration(scorers['linear SVM']!, kind)))
        expect(values).toEqual(close(scores))
    },
  )

  it('add up to logits above their mean, of naive Bayes', async () => {
    for (const { scores, values } of await explainAll(withCalibration(scorers['naive Bayes']!, 'temperature')))
      expect(values).toEqual(close(aboveMean(scores)))
  })

  it('add up to what trees say: probabilities of a forest, logits of boosted trees', async () => {
    for (const { scores, values } of await explainAll(withCalibration(scorers['random forest']!, 'temperature')))
      expect(values).toEqual(close(scores.map(Math.exp)))
    for (const { scores, values } of await explainAll(withCalibration(scorers['boosted trees']!, 'temperature'))) {
      // Of two classes the logit is that of the one against the other.
      const logits = classes === 2 ? values.map((value) => value / 2) : values
      expect(aboveMean(logits)).toEqual(close(aboveMean(scores)))
    }
  })
})

const binary = {
  'linear SVM': trainLinearSvm,
  'logistic regression': trainLogisticRegression,
} as const

it.each(Object.entries(binary))(
  'add up to the margin of each label by itself, of several labels by a %s',
  async (_, train) => {
    const { texts: single, labels } = smallTexts(3)
    // Every fourth text says what the next one says, too.
    const isDouble = (row: number): boolean => row % 4 === 0 && row + 1 < single.length
    const sets = Array.from(labels, (label, row) =>
      Int32Array.from(isDouble(row) ? [label, labels[row + 1]!] : [label]),
    )
    const given = single.map((text, row) => (isDouble(row) ? `${text}. ${single[row + 1]}` : text))
    const { data: vectorizer, matrix } = fitTextVectorizer(given, { ngrams: [1, 2] })
    const model = await trainBinaryRelevance(matrix, sets, {
      classes: 3,
      train: (rows, members, control) => train(rows, members, { classes: 2, cost: 10 }, control),
    })
    const scorer: LinearTextScorer = {
      kind: 'linear',
      scores: 'margins',
      vectorizer,
      model,
      means: columnMeans(matrix),
    }
    const calibration = fitIndependentCalibration(createTextScorer(scorer)(given), sets, 3)
    const data = { labels: [...smallLabels], scorer, calibration }
    expect(new TextClassifier(data).isMultiLabel).toBe(true)
    for (const { scores, values } of await explainAll(data)) expect(values).toEqual(close(scores))
    const text = '请问, a lovely room'
    const { tokens } = await createTextExplainer(new TextClassifier(data))(text, 2, { seed: 1 })
    const weightOf = (word: string): number =>
      tokens.find(({ start, end }) => text.slice(start, end) === word)?.weight ?? Number.NaN
    expect(weightOf('请问')).toBeGreaterThan(0)
    expect(weightOf('lovely')).toBeLessThan(0)
  },
)
