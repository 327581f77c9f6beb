import {
  highestClasses,
  linearScores,
  trainComplementNaiveBayes,
  trainLinearSvm,
  trainLogisticRegression,
  trainMultinomialNaiveBayes,
  trainRandomForest,
  treePredictions,
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

export type FeaturesName = keyof typeof features

/** The most probable class of each row. */
type Predict = (rows: CsrMatrix) => Int32Array

export interface Cell {
  readonly parameters: string
  /** Below its reference by so much at most: a share of 1. */
  readonly mostBelow: number
  /** Its figures are the means over trainings by these; undefined where a training is not random. */
  readonly seeds?: readonly number[]
  readonly train: (
    rows: CsrMatrix,
    labels: Int32Array,
    options: { readonly classes: number; readonly seed: number },
  ) => Promise<Predict>
}

const halfPoint = 0.005

const linear = async (training: Promise<LinearModel>): Promise<Predict> => {
  const model = await training
  return (rows) => highestClasses(linearScores(model, rows), model.classes)
}

/** Of every set. */
const linearCells = {
  mnb: {
    parameters: 'alpha=0.1',
    mostBelow: halfPoint,
    train: (rows, labels, { classes }) => linear(trainMultinomialNaiveBayes(rows, labels, { classes, alpha: 0.1 })),
  },
  cnb: {
    parameters: 'alpha=0.3',
    mostBelow: halfPoint,
    train: (rows, labels, { classes }) => linear(trainComplementNaiveBayes(rows, labels, { classes, alpha: 0.3 })),
  },
  svm: {
    parameters: 'cost=1',
    mostBelow: halfPoint,
    train: (rows, labels, { classes }) => linear(trainLinearSvm(rows, labels, { classes, cost: 1 })),
  },
  logreg: {
    parameters: 'cost=10',
    mostBelow: halfPoint,
    train: (rows, labels, { classes }) => linear(trainLogisticRegression(rows, labels, { classes, cost: 10 })),
  },
} as const satisfies Readonly<Record<string, Cell>>

export const cells = {
  ...linearCells,
  /** Of sets that have a reference alone: it takes long, and is nowhere the best. */
  rf: {
    parameters: 'trees=200, mean of 3 forests',
    mostBelow: 0.015,
    seeds: [1, 2, 3],
    async train(rows, labels, options) {
      const forest = await trainRandomForest(rows, labels, { ...options, trees: 200 })
      return (others) => highestClasses(treePredictions(forest, others), options.classes)
    },
  },
} as const satisfies Readonly<Record<string, Cell>>

export type CellName = keyof typeof cells
export const linearCellNames = Object.keys(linearCells) as CellName[]
