import { decodeTextClassifier, encodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { expect, it } from 'vitest'
import { generatedReviews, toCorpus } from '../../testing/text-datasets.ts'
import { silentLog } from '../../testing/text-jobs.ts'
import { fitClassifier } from '../fit-classifier.ts'
import { TextProblem } from '../text-problem.ts'
import { defaultNetworkRecipe } from './network-defaults.ts'
import { openNetworksOnce } from './network-trainer.ts'

const memoryLimitBytes = 2 ** 33
const { texts, labels, names } = toCorpus(generatedReviews(80, { language: 'zh', wrong: 0 }))
const part = { texts, labels, classes: 2 }

it('trains a network on characters, which serves what it says of them', { timeout: 120_000 }, async () => {
  const networks = openNetworksOnce({ device: 'auto', log: silentLog, memoryLimitBytes })
  const { network, ...recipe } = defaultNetworkRecipe('text-cnn', texts, { ofCharacters: true })
  const small = { ...recipe, network: { ...network, embedding: 16, filters: 16, learningRate: 0.01, epochs: 6 } }
  const calibration = { kind: 'temperature', temperature: 1 } as const
  const data = await fitClassifier(small, part, { names, calibration, memoryLimitBytes, networks })
  expect(data.scorer).toMatchObject({ kind: 'network', analysis: { analyzer: 'char' } })
  const classifier = new TextClassifier(decodeTextClassifier(encodeTextClassifier(data)))
  const probabilities = classifier.classify(['这个水壶非常好用', '背包马上就坏了'])
  expect(probabilities[1]).toBeGreaterThan(0.6)
  expect(probabilities[2]).toBeGreaterThan(0.6)

  const foldOf = Int32Array.from(texts, (_, row) => row % 4)
  const problem = new TextProblem(part, { memoryLimitBytes, networks })
  const { rows, scores } = await problem.validate(small, { foldOf, fold: 0 }, {})
  const right = rows.filter((row, at) => Number(scores[2 * at + 1]! > scores[2 * at]!) === labels[row])
  expect(right.length / rows.length).toBeGreaterThan(0.8)
})
