import type { TrainingObjective } from '@rapport/contracts'
import {
  calibrate,
  fitCalibration,
  fitIndependentCalibration,
  logLoss,
  splitFold,
  stratifiedFolds,
  stratifiedSample,
  type Calibration,
  type CalibrationKind,
} from '@rapport/ml'
import { seed } from '../training-context.ts'
import { objectiveOf } from './text-objective.ts'
import type { Targets } from './targets.ts'
import { scatterRows } from './text-problem.ts'

/** Scores that a calibration is fitted to; more hardly change it. */
const calibrationCells = 2_000_000
const folds = 3
const kinds: readonly CalibrationKind[] = ['temperature', 'platt', 'isotonic']
/** What a calibration may cost of the objective. */
const tolerance = 0.005

/**
 * Of Platt's, isotonic and temperature the one with the least log-loss among those that leave the objective as good as the
 * best of them does, or of label sets a curve for each label: the frequencies that a calibration restores would undo a training that weighs rare labels up.
 */
export function chooseServedCalibration(
  objective: TrainingObjective,
  scores: Float32Array,
  { labels, classes, sets }: Targets,
): Calibration {
  if (sets !== undefined) return fitIndependentCalibration(scores, sets, classes)
  const rows = stratifiedSample(labels, Int32Array.from(labels.keys()), Math.floor(calibrationCells / classes), seed)
  const sample = gatherRows(scores, rows, classes)
  const own = pick(labels, rows)
  const judged = kinds.map((kind) => {
    const probabilities = crossCalibrate(kind, sample, own, classes)
    return {
      kind,
      objective: objectiveOf(objective, probabilities, { labels: own, classes }),
      loss: logLoss(own, probabilities, classes),
    }
  })
  const best = Math.max(...judged.map((each) => each.objective))
  const chosen = judged
    .filter((each) => each.objective >= best - (objective === 'log-loss' ? 0 : tolerance))
    .reduce((a, b) => (b.loss < a.loss ? b : a))
  return fitCalibration(chosen.kind, sample, own, classes)
}

/** Probabilities of every row by a calibration that was fitted without it. */
function crossCalibrate(
  kind: CalibrationKind,
  scores: Float32Array,
  labels: Int32Array,
  classes: number,
): Float32Array {
  const foldOf = stratifiedFolds(labels, folds, seed)
  const probabilities = new Float32Array(scores.length)
  for (let fold = 0; fold < folds; fold += 1) {
    const { train, held } = splitFold(foldOf, fold)
    const calibration = fitCalibration(kind, gatherRows(scores, train, classes), pick(labels, train), classes)
    scatterRows(calibrate(calibration, gatherRows(scores, held, classes), classes), held, {
      into: probabilities,
      classes,
    })
  }
  return probabilities
}

const pick = (labels: Int32Array, rows: Int32Array): Int32Array => rows.map((row) => labels[row] as number)

function gatherRows(scores: Float32Array, rows: Int32Array, classes: number): Float32Array {
  const gathered = new Float32Array(rows.length * classes)
  rows.forEach((row, at) => gathered.set(scores.subarray(row * classes, (row + 1) * classes), at * classes))
  return gathered
}
