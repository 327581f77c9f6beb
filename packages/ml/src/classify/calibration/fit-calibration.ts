import { argumentError } from '../../errors.ts'
import { membersOf } from '../binary-relevance.ts'
import { splitFold, stratifiedFolds } from '../../model-selection/stratified-folds.ts'
import { calibrate, checkShape, type Calibration, type CalibrationKind } from './calibration.ts'
import { fitIsotonic } from './isotonic.ts'
import { fitPlatt } from './platt.ts'
import { fitTemperature } from './temperature.ts'

export interface CalibrationChoice {
  readonly calibration: Calibration
  /** Mean cross-validated log-loss of each kind. */
  readonly logLoss: Readonly<Record<CalibrationKind, number>>
}

export interface CalibrationChoiceOptions {
  readonly classes: number
  /** 5 when absent. */
  readonly folds?: number
  readonly seed: number
}

const kinds = ['platt', 'isotonic', 'temperature'] as const
/** A probability counts as no less than this in the log-loss: the step of 32-bit numbers below 1. */
const leastProbability = 2 ** -24

/**
 * Fits a calibration to scores (rows x classes, row-major) that the model gave rows it was not trained on; `'auto'` takes the
 * kind that `chooseCalibration` finds in 5 folds. Scores of more than two classes are calibrated one against the rest, each
 * on its own column, so they should be comparable between rows: margins or log-probabilities, not joint log-likelihoods.
 * Throws RPT_ML_ARGUMENT_INVALID.
 */
export function fitCalibration(
  kind: CalibrationKind | 'auto',
  scores: Float32Array,
  labels: Int32Array,
  classes: number,
): Calibration {
  checkRows(scores, labels, classes)
  if (kind === 'auto') return chooseCalibration(scores, labels, { classes, seed: 1 }).calibration
  if (kind === 'temperature') return { kind, temperature: fitTemperature(scores, labels, classes) }
  const columns = classes === 2 ? [1] : Array.from({ length: classes }, (_, label) => label)
  if (kind === 'platt') {
    return { kind, curves: columns.map((label) => fitPlatt(columnOf(scores, classes, label), memberOf(labels, label))) }
  }
  return {
    kind,
    curves: columns.map((label) => fitIsotonic(columnOf(scores, classes, label), memberOf(labels, label))),
  }
}

/**
 * Fits a curve of Platt's kind for each label to scores (rows x classes, row-major) of rows with any number of labels, which the
 * model was not trained on. @param sets By row, the labels that it has. @throws RPT_ML_ARGUMENT_INVALID
 */
export function fitIndependentCalibration(
  scores: Float32Array,
  sets: readonly Int32Array[],
  classes: number,
): Calibration {
  checkShape(scores, classes)
  if (sets.length === 0) throw argumentError('sets', 'has no rows')
  if (sets.length * classes !== scores.length) {
    throw argumentError('scores', `has ${scores.length} values for ${sets.length} rows of ${classes} classes`)
  }
  const curves = Array.from({ length: classes }, (_, label) =>
    fitPlatt(
      Float64Array.from(sets, (_, row) => scores[row * classes + label] as number),
      Uint8Array.from(membersOf(sets, label)),
    ),
  )
  return { kind: 'independent', curves }
}

/** The kind with the least log-loss in stratified cross-validation, refitted on all rows. Throws RPT_ML_ARGUMENT_INVALID. */
export function chooseCalibration(
  scores: Float32Array,
  labels: Int32Array,
  { classes, seed, folds = 5 }: CalibrationChoiceOptions,
): CalibrationChoice {
  checkRows(scores, labels, classes)
  const foldOf = stratifiedFolds(labels, folds, seed)
  const logLoss: Record<CalibrationKind, number> = { platt: 0, isotonic: 0, temperature: 0 }
  for (let fold = 0; fold < folds; fold += 1) {
    const { train, held } = splitFold(foldOf, fold)
    const heldLabels = labelsOf(labels, held)
    for (const kind of kinds) {
      const calibration = fitCalibration(kind, rowsOf(scores, train, classes), labelsOf(labels, train), classes)
      const probabilities = calibrate(calibration, rowsOf(scores, held, classes), classes)
      logLoss[kind] += summedLogLoss(probabilities, heldLabels, classes) / labels.length
    }
  }
  const best = kinds.reduce((a, b) => (logLoss[b] < logLoss[a] ? b : a))
  return { calibration: fitCalibration(best, scores, labels, classes), logLoss }
}

function checkRows(scores: Float32Array, labels: Int32Array, classes: number): void {
  checkShape(scores, classes)
  if (labels.length === 0) throw argumentError('labels', 'has no rows')
  if (labels.length * classes !== scores.length) {
    throw argumentError('scores', `has ${scores.length} values, not ${labels.length} x ${classes}`)
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes)
  if (wrong >= 0) throw argumentError(`labels[${wrong}]`, `is ${labels[wrong]}, not within 0..${classes - 1}`)
}

/** What the curve of a class is fitted on: of two classes the difference of the scores. */
function columnOf(scores: Float32Array, classes: number, label: number): Float64Array {
  return Float64Array.from({ length: scores.length / classes }, (_, row) => {
    const own = scores[row * classes + label] as number
    return classes === 2 ? own - (scores[row * classes] as number) : own
  })
}

const memberOf = (labels: Int32Array, label: number): Uint8Array =>
  Uint8Array.from(labels, (own) => (own === label ? 1 : 0))

const labelsOf = (labels: Int32Array, rows: Int32Array): Int32Array => rows.map((row) => labels[row] as number)

function rowsOf(scores: Float32Array, rows: Int32Array, classes: number): Float32Array {
  const out = new Float32Array(rows.length * classes)
  rows.forEach((row, at) => out.set(scores.subarray(row * classes, (row + 1) * classes), at * classes))
  return out
}

function summedLogLoss(probabilities: Float32Array, labels: Int32Array, classes: number): number {
  let sum = 0
  for (let row = 0; row < labels.length; row += 1) {
    const probability = probabilities[row * classes + (labels[row] as number)] as number
    sum -= Math.log(Math.max(probability, leastProbability))
  }
  return sum
}
