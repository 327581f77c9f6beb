import {
  trainComplementNaiveBayes,
  trainLinearSvm,
  trainLogisticRegression,
  trainMultinomialNaiveBayes,
  type CsrMatrix,
  type LinearModel,
} from '@rapport/ml'
import type { VectorizerOptions } from '@rapport/text'

/** Features and models as the reference has them, and nothing chosen. */
const common = { sublinearTf: true, minDf: 2, normalization: 'none' } as const
export const features = {
  /** Everything that jieba cuts but white space, 1-2-grams. */
  jieba12: { ...common, analyzer: 'jieba', ngrams: [1, 2] },
  char123: { ...common, analyzer: 'char', ngrams: [1, 3] },
  word12: { ...common, analyzer: 'word', ngrams: [1, 2] },
} as const satisfies Readonly<Record<string, VectorizerOptions>>

export interface Cell {
  readonly parameters: string
  train(rows: CsrMatrix, labels: Int32Array, classes: number): Promise<LinearModel>
}

export const cells = {
  mnb: {
    parameters: 'alpha=0.1',
    train: (rows, labels, classes) => trainMultinomialNaiveBayes(rows, labels, { classes, alpha: 0.1 }),
  },
  cnb: {
    parameters: 'alpha=0.3',
    train: (rows, labels, classes) => trainComplementNaiveBayes(rows, labels, { classes, alpha: 0.3 }),
  },
  svm: { parameters: 'cost=1', train: (rows, labels, classes) => trainLinearSvm(rows, labels, { classes, cost: 1 }) },
  logreg: {
    parameters: 'cost=10',
    train: (rows, labels, classes) => trainLogisticRegression(rows, labels, { classes, cost: 10 }),
  },
} as const satisfies Readonly<Record<string, Cell>>

export type CellName = keyof typeof cells
export const cellNames = Object.keys(cells) as CellName[]
