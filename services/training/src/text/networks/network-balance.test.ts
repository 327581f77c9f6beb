import { evaluateClassification, highestClasses } from '@rapport/ml'
import { TextClassifier } from '@rapport/text-models'
import { expect, it } from 'vitest'
import { generatedReviews, toCorpus, type LabelledText } from '../../testing/text-datasets.ts'
import { silentLog } from '../../testing/text-jobs.ts'
import { fitClassifier } from '../fit-classifier.ts'
import { defaultNetworkRecipe } from './network-defaults.ts'
import { openNetworksOnce } from './network-trainer.ts'

const memoryLimitBytes = 2 ** 33
/** One of six bad ones is left, so that among texts of blame, too, most have the other label. */
const reviews = (seed: number): LabelledText[] => {
  let bad = 0
  return generatedReviews(600, { language: 'en', seed, wrong: 25 }).filter(
    ({ label }) => label === 'good' || (bad += 1) % 6 === 0,
  )
}

it.each(['text-cnn', 'bilstm'] as const)(
  'finds the rare class by a balanced %s',
  { timeout: 120_000 },
  async (kind) => {
    const { texts, labels, names } = toCorpus(reviews(1))
    const others = toCorpus(reviews(2))
    const rare = names.indexOf('bad')
    expect(labels.filter((label) => label === rare).length / labels.length).toBeLessThan(0.2)
    const { network, ...recipe } = defaultNetworkRecipe(kind, texts)
    const small = { ...network, embedding: 16, units: 8, filters: 8, batchSize: 64, learningRate: 0.01, epochs: 6 }
    const networks = openNetworksOnce({ device: 'auto', log: silentLog, memoryLimitBytes })
    const judged = async (balanced: boolean) => {
      const data = await fitClassifier(
        { ...recipe, network: { ...small, balanced } },
        { texts, labels, classes: 2 },
        { names, calibration: { kind: 'temperature', temperature: 1 }, memoryLimitBytes, networks },
      )
      const found = highestClasses(new TextClassifier(data).classify(others.texts), 2)
      const { perClass, macroF1 } = evaluateClassification(others.labels, found, 2)
      return { macroF1, recall: perClass[rare]?.recall ?? Number.NaN }
    }
    const [plain, balanced] = [await judged(false), await judged(true)]
    expect(plain.recall).toBeLessThan(0.2)
    expect(balanced.recall).toBeGreaterThan(0.5)
    expect(balanced.macroF1).toBeGreaterThan(plain.macroF1)
  },
)
