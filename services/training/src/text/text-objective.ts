import type { TrainingObjective } from '@rapport/contracts'
import { chooseCalibration, evaluateClassification, highestClasses, logLoss } from '@rapport/ml'
import { seed } from '../training-context.ts'

/** The objective of scores (rows x classes) that are no probabilities yet; the more the better. */
export function objectiveOfScores(
  objective: TrainingObjective,
  scores: Float32Array,
  labels: Int32Array,
  classes: number,
): number {
  if (objective !== 'log-loss') return ofClasses(objective, highestClasses(scores, classes), labels, classes)
  // The calibration is fitted to one half and judged on the other.
  const { logLoss: losses } = chooseCalibration(scores, labels, { classes, seed, folds: 2 })
  return -Math.min(...Object.values(losses))
}

/** The objective of probabilities (rows x classes); the more the better. */
export function objectiveOf(
  objective: TrainingObjective,
  probabilities: Float32Array,
  labels: Int32Array,
  classes: number,
): number {
  if (objective === 'log-loss') return -logLoss(labels, probabilities, classes)
  return ofClasses(objective, highestClasses(probabilities, classes), labels, classes)
}

function ofClasses(
  objective: Exclude<TrainingObjective, 'log-loss'>,
  predicted: Int32Array,
  labels: Int32Array,
  classes: number,
): number {
  const { accuracy, macroF1 } = evaluateClassification(labels, predicted, classes)
  return objective === 'accuracy' ? accuracy : macroF1
}
