import {
  columnMeans,
  fitCalibration,
  readNetwork,
  trainBoostedClassifier,
  trainKernelSvm,
  trainLinearSvm,
  trainMultinomialNaiveBayes,
  trainRandomForest,
} from '@rapport/ml'
import { buildVocabulary, fitTextVectorizer, TextTokenizer, toTextAnalysis, vocabularyIds } from '@rapport/text'
import { createTextScorer } from '../score-texts.ts'
import type { NetworkTextScorer, TextClassifierData, TextScorer } from '../text-classifier-data.ts'

const praise = ['good', 'great', 'lovely', '很好', '喜欢']
const blame = ['bad', 'awful', 'broken', '很差', '失望']
const things = ['film', 'hotel room', 'tea pot', '房间', '手机']
const questions = ['where is', 'when comes', '请问']
const kinds = [praise, blame, questions]

export const smallLabels = ['praise', 'blame', 'question'] as const

/** Texts of two or three classes, each told by one word of it. */
export function smallTexts(classes: number, rows = 90): { readonly texts: string[]; readonly labels: Int32Array } {
  const texts = Array.from({ length: rows }, (_, row) => {
    const words = kinds[row % classes] as readonly string[]
    return `a ${words[row % words.length]} ${things[(row * 7) % things.length]}, number ${row % 11}`
  })
  return { texts, labels: Int32Array.from(texts, (_, row) => row % classes) }
}

/** A scorer of every kind, trained on `smallTexts`. */
export async function smallScorers(classes: number): Promise<Readonly<Record<string, TextScorer>>> {
  const { texts, labels } = smallTexts(classes)
  const { data: vectorizer, matrix } = fitTextVectorizer(texts, { ngrams: [1, 2] })
  const means = columnMeans(matrix)
  return {
    'linear SVM': {
      kind: 'linear',
      scores: 'margins',
      vectorizer,
      means,
      model: await trainLinearSvm(matrix, labels, { classes }),
    },
    'naive Bayes': {
      kind: 'linear',
      scores: 'logits',
      vectorizer,
      means,
      model: await trainMultinomialNaiveBayes(matrix, labels, { classes }),
    },
    'random forest': {
      kind: 'trees',
      vectorizer,
      ensemble: await trainRandomForest(matrix, labels, { classes, trees: 20, seed: 1 }),
    },
    'boosted trees': {
      kind: 'trees',
      vectorizer,
      ensemble: (await trainBoostedClassifier(matrix, labels, { classes, iterations: 10, minChildRows: 2, seed: 1 }))
        .ensemble,
    },
    'kernel SVM': { kind: 'kernel-svm', vectorizer, model: await trainKernelSvm(matrix, labels, { classes }) },
    network: smallNetwork(texts, classes),
  }
}

/** With a calibration that was fitted to the texts of the training, which only a test may do. */
export function calibrated(scorer: TextScorer, classes: number): TextClassifierData {
  const { texts, labels } = smallTexts(classes)
  const calibration = fitCalibration('temperature', createTextScorer(scorer)(texts), labels, classes)
  return { labels: smallLabels.slice(0, classes), scorer, calibration }
}

/** A text CNN whose weights follow from their places. */
export function smallNetwork(texts: readonly string[], classes: number): NetworkTextScorer {
  const analysis = toTextAnalysis({})
  const tokenizer = new TextTokenizer(analysis)
  const vocabulary = buildVocabulary(texts.map((text) => tokenizer.tokens(text)))
  const form = {
    kind: 'text-cnn',
    vocabulary: vocabularyIds(vocabulary),
    length: 6,
    embedding: 3,
    outputs: classes,
    activation: 'softmax',
    windows: [2],
    filters: 4,
  }
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ['embedding/embeddings', [form.vocabulary, 3]],
    ['conv_2/kernel', [2, 3, 4]],
    ['conv_2/bias', [4]],
    ['output/kernel', [4, classes]],
    ['output/bias', [classes]],
  ]
  const count = shapes.reduce((sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1), 0)
  const weights = Float32Array.from({ length: count }, (_, at) => Math.sin(1 + at))
  const manifest = [
    { paths: ['weights.bin'], weights: shapes.map(([name, shape]) => ({ name, shape, dtype: 'float32' })) },
  ]
  const description = { userDefinedMetadata: { network: form }, weightsManifest: manifest }
  const files = new Map([
    ['model.json', Buffer.from(JSON.stringify(description))],
    ['weights.bin', Buffer.from(weights.buffer)],
  ])
  const encoding = { length: form.length, pad: 'left', keep: 'first' } as const
  return { kind: 'network', analysis, vocabulary, encoding, network: readNetwork(files), files }
}
