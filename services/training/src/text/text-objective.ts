import type { TrainingObjective } from '@rapport/contracts'
import {
  calibrate,
  chooseCalibration,
  evaluateClassification,
  evaluateLabelSets,
  fitIndependentCalibration,
  highestClasses,
  labelSetLogLoss,
  logLoss,
} from '@rapport/ml'
import { seed } from '../training-context.ts'
import type { Targets } from './targets.ts'

/** The objective of scores (rows x classes) that are no probabilities yet; the more the better. */
export function objectiveOfScores(objective: TrainingObjective, scores: Float32Array, targets: Targets): number {
  const { labels, classes, sets } = targets
  if (sets !== undefined) return objectiveOf(objective, crossCalibrateSets(scores, sets, classes), targets)
  if (objective !== 'log-loss') return ofClasses(objective, highestClasses(scores, classes), targets)
  // The calibration is fitted to one half and judged on the other.
  const { logLoss: losses } = chooseCalibration(scores, labels, { classes, seed, folds: 2 })
  return -Math.min(...Object.values(losses))
}

/** The objective of probabilities (rows x classes); the more the better. Of label sets the accuracy is that of whole sets. */
export function objectiveOf(objective: TrainingObjective, probabilities: Float32Array, targets: Targets): number {
  const { labels, classes, sets } = targets
  if (sets !== undefined) {
    if (objective === 'log-loss') return -labelSetLogLoss(sets, probabilities, classes)
    const { subsetAccuracy, macroF1 } = evaluateLabelSets(sets, probabilities, classes)
    return objective === 'accuracy' ? subsetAccuracy : macroF1
  }
  if (objective === 'log-loss') return -logLoss(labels, probabilities, classes)
  return ofClasses(objective, highestClasses(probabilities, classes), targets)
}

function ofClasses(
  objective: Exclude<TrainingObjective, 'log-loss'>,
  predicted: Int32Array,
  { labels, classes }: Targets,
): number {
  const { accuracy, macroF1 } = evaluateClassification(labels, predicted, classes)
  return objective === 'accuracy' ? accuracy : macroF1
}

/** Probabilities of every row by curves that were fitted to every second row without it. */
function crossCalibrateSets(scores: Float32Array, sets: readonly Int32Array[], classes: number): Float32Array {
  if (sets.length < 2) return calibrate(fitIndependentCalibration(scores, sets, classes), scores, classes)
  const probabilities = new Float32Array(scores.length)
  for (const half of [0, 1]) {
    const isOther = (_: unknown, row: number): boolean => row % 2 !== half
    const fitted = scores.filter((_, at) => Math.floor(at / classes) % 2 !== half)
    const all = calibrate(fitIndependentCalibration(fitted, sets.filter(isOther), classes), scores, classes)
    for (let row = half; row < sets.length; row += 2) {
      probabilities.set(all.subarray(row * classes, (row + 1) * classes), row * classes)
    }
  }
  return probabilities
}
