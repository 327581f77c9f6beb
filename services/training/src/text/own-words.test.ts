import { createTextExplainer, decodeTextClassifier, encodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { expect, it } from 'vitest'
import { silentLog } from '../testing/text-jobs.ts'
import { chooseClassifier } from './choose-classifier.ts'
import { fitClassifier } from './fit-classifier.ts'
import type { RowRecipe } from './text-recipe.ts'

/** The segmentation cuts the first one into the words of the second. */
const whole = (row: number): string => `${row} 降噪耳机壳`
const parted = (row: number): string => `${row} 壳 耳机 降噪`
const part = {
  texts: Array.from({ length: 60 }, (_, row) => (row % 2 === 0 ? whole(row) : parted(row))),
  labels: Int32Array.from({ length: 60 }, (_, row) => row % 2),
  classes: 2,
}
const names = ['whole', 'parted']
const dictionary = ['降噪耳机壳']
const memoryLimitBytes = 2 ** 32

async function train(features: Partial<RowRecipe['features']>): Promise<TextClassifier> {
  const recipe: RowRecipe = {
    algorithm: 'logistic-regression',
    features: { analyzer: 'jieba', ngrams: [1, 1], minDf: 2, maxFeatures: 100, ...features },
    parameters: { cost: 10 },
  }
  const calibration = { kind: 'temperature', temperature: 1 } as const
  const data = await fitClassifier(recipe, part, { names, calibration, memoryLimitBytes })
  return new TextClassifier(decodeTextClassifier(encodeTextClassifier(data)))
}

/** Probability of `whole` of a text of each. */
function served(classifier: TextClassifier): [number, number] {
  const probabilities = classifier.classify([whole(100), parted(100)])
  return [probabilities[0] ?? 0, probabilities[2] ?? 0]
}

it('are learnt whole where the segmentation would cut them, and served so', async () => {
  const [cut, alike] = served(await train({}))
  expect(cut).toBeCloseTo(alike, 6)
  for (const features of [{ dictionary }, { dictionary, hashBits: 12 }]) {
    const classifier = await train(features)
    const [right, wrong] = served(classifier)
    expect(right).toBeGreaterThan(0.8)
    expect(wrong).toBeLessThan(0.2)
    const { tokens } = await createTextExplainer(classifier)(whole(100), 0, { seed: 1, samples: 100 })
    const heaviest = tokens.toSorted((one, other) => other.weight - one.weight)[0]
    expect(heaviest).toMatchObject({ start: 4, end: 9 })
  }
})

it('reach every candidate that cuts Chinese into words, as hashing reaches all', { timeout: 60_000 }, async () => {
  const candidates: string[] = []
  const info = (fields: object): void => {
    if ('status' in fields && 'candidate' in fields) candidates.push(String(fields.candidate))
  }
  await chooseClassifier(part, names, {
    algorithms: ['multinomial-nb'],
    dictionary,
    hashBits: 12,
    budgetSeconds: 3600,
    memoryLimitBytes,
    signal: new AbortController().signal,
    log: { ...silentLog, info },
  })
  const [ofWords, others] = [true, false].map((of) => candidates.filter((name) => name.includes('jieba') === of))
  expect(ofWords?.length).toBeGreaterThan(0)
  for (const name of ofWords ?? []) expect(name).toContain('2^12 buckets, 1 own words')
  expect(others?.length).toBeGreaterThan(0)
  for (const name of others ?? []) expect(name).toMatch(/2\^12 buckets$/)
})
