import {
  trainBinaryRelevance,
  trainBoostedClassifier,
  trainComplementNaiveBayes,
  trainKernelSvm,
  trainLinearSvm,
  trainLogisticRegression,
  trainMultinomialNaiveBayes,
  trainRandomForest,
  type CsrMatrix,
  type TrainBinary,
  type TrainingControl,
} from '@rapport/ml'
import type { RowScorer } from '@rapport/text-models'
import { TrainingDataError } from '../errors.ts'
import { seed } from '../training-context.ts'
import type { Targets } from './targets.ts'
import type { RowRecipe, TextRecipe } from './text-recipe.ts'

export interface LabelledRows extends Targets {
  readonly rows: CsrMatrix
}

/** Finer ones take much longer and score the same texts alike. */
const logisticTolerance = 1e-4

/** Trains by a checked recipe on rows of its features. Throws RPT_ML_ARGUMENT_INVALID and RPT_ML_NOT_CONVERGED. */
export async function trainScorer(recipe: RowRecipe, data: LabelledRows, control: TrainingControl): Promise<RowScorer> {
  const { rows, sets, classes } = data
  if (sets === undefined) return trainOfOne(recipe, data, control)
  const train: TrainBinary = async (part, labels, ofLabel) => {
    const scorer = await trainOfOne(recipe, { rows: part, labels, classes: 2 }, ofLabel)
    if (scorer.kind !== 'linear') throw learnsOne(recipe)
    return scorer.model
  }
  const model = await trainBinaryRelevance(rows, sets, { classes, train }, control)
  return { kind: 'linear', scores: 'margins', model }
}

/** What is said of a recipe that must not meet rows with several labels. */
export const learnsOne = ({ algorithm }: Pick<TextRecipe, 'algorithm'>): TrainingDataError =>
  new TrainingDataError('RPT_TRAINING_LABELS', `${algorithm} learns one label of a text, not several`)

/** Of rows with one label each. */
async function trainOfOne(
  { algorithm, parameters }: RowRecipe,
  { rows, labels, classes }: LabelledRows,
  control: TrainingControl,
): Promise<RowScorer> {
  const { alpha = 1, cost = 1, trees = 100, iterations = 100, minLeafRows, maxLeaves, learningRate } = parameters
  const common = { classes, seed, ...(parameters.balanced === true && { classWeights: 'balanced' as const }) }
  switch (algorithm) {
    case 'multinomial-nb': {
      const model = await trainMultinomialNaiveBayes(rows, labels, { ...common, alpha }, control)
      return { kind: 'linear', scores: 'logits', model }
    }
    case 'complement-nb': {
      const model = await trainComplementNaiveBayes(rows, labels, { ...common, alpha }, control)
      return { kind: 'linear', scores: 'logits', model }
    }
    case 'linear-svm': {
      const model = await trainLinearSvm(rows, labels, { ...common, cost }, control)
      return { kind: 'linear', scores: 'margins', model }
    }
    case 'logistic-regression': {
      const options = { ...common, cost, tolerance: logisticTolerance }
      const model = await trainLogisticRegression(rows, labels, options, control)
      return { kind: 'linear', scores: 'logits', model }
    }
    case 'kernel-svm':
      return { kind: 'kernel-svm', model: await trainKernelSvm(rows, labels, { ...common, penalty: cost }, control) }
    case 'random-forest': {
      const options = { ...common, trees, ...(minLeafRows !== undefined && { minLeafRows }) }
      return { kind: 'trees', ensemble: await trainRandomForest(rows, labels, options, control) }
    }
    case 'boosted-trees': {
      const limits = {
        ...(maxLeaves !== undefined && { maxLeaves }),
        ...(learningRate !== undefined && { learningRate }),
      }
      const options = { ...common, iterations, ...limits, minChildRows: 3 }
      return { kind: 'trees', ensemble: (await trainBoostedClassifier(rows, labels, options, control)).ensemble }
    }
  }
}

/** Peak bytes that training takes beside the rows themselves: measured or counted from the trainers' arrays. */
export function estimateTrainingBytes(
  recipe: RowRecipe,
  { rows, classes, sets }: Omit<LabelledRows, 'labels'>,
): number {
  // Of several labels one is learnt after the other, beside the weights of all.
  if (sets !== undefined) return estimateTrainingBytes(recipe, { rows, classes: 2 }) + 4 * rows.columns * classes
  const entries = rows.indices.length
  const weights = rows.columns * classes
  switch (recipe.algorithm) {
    case 'multinomial-nb':
    case 'complement-nb':
      return 12 * weights
    case 'linear-svm':
      return 4 * weights + 8 * rows.columns + 32 * rows.rows
    case 'logistic-regression':
      // L-BFGS remembers 8 pairs of vectors of doubles, and works on some more.
      return 8 * (2 * 8 + 6) * rows.columns * (classes === 2 ? 1 : classes)
    case 'kernel-svm':
      return 100 * 1024 ** 2 + 16 * entries + 16 * rows.rows * classes
    case 'random-forest':
      return 24 * entries + 64 * 100 * rows.rows
    case 'boosted-trees':
      // A histogram of up to 32 bins by column for every open leaf.
      return 24 * entries + 16 * 32 * 16 * rows.columns
  }
}
