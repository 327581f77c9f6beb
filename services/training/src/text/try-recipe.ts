import type { LeaderboardRow, TrainingObjective } from '@rapport/contracts'
import type { Calibration, TrainingControl } from '@rapport/ml'
import {
  countAnswers,
  encodeTextClassifier,
  TextClassifier,
  type AnswerCounts,
  type TextClassifierData,
} from '@rapport/text-models'
import { within } from '../training-context.ts'
import { fitClassifier } from './fit-classifier.ts'
import { classifyAll, judge, medianPredictMs, type HeldOutResult } from './held-out.ts'
import type { OpenNetworks } from './networks/network-trainer.ts'
import { chooseServedCalibration } from './served-calibration.ts'
import type { CorpusSplit } from './split-corpus.ts'
import { pickTargets, type LabelledTexts } from './targets.ts'
import type { TextProblem } from './text-problem.ts'
import type { TextRecipe } from './text-recipe.ts'

/** Where recipes are compared: trained on one part, judged on another. */
export interface Arena {
  readonly problem: TextProblem
  readonly held: LabelledTexts
  readonly names: readonly string[]
  readonly split: Pick<CorpusSplit, 'folds' | 'foldOf'>
  readonly objective: TrainingObjective
  readonly memoryLimitBytes: number
  readonly networks: OpenNetworks
}

export interface Trial extends HeldOutResult, Pick<LeaderboardRow, 'trainingSeconds' | 'modelBytes' | 'predictMs'> {
  readonly calibration: Calibration
  /** What the classifier says of the held-out part. */
  readonly answers: AnswerCounts
}

export interface CalibratedFit {
  readonly data: TextClassifierData
  /** Of the training on the whole part. */
  readonly trainingSeconds: number
}

/** The control of a part of the work, from one fraction of it to another. */
const reporting = (control: TrainingControl, from: number, to: number): TrainingControl => ({
  ...control,
  onProgress: (part) => control.onProgress?.(within(from, to, part)),
})

/** Trains a recipe on the training part, calibrated on its cross-validated scores there. Throws as `fitClassifier` does. */
export async function fitCalibrated(
  recipe: TextRecipe,
  { problem, names, split, objective, ...limits }: Omit<Arena, 'held'>,
  control: TrainingControl,
): Promise<CalibratedFit> {
  const { part } = problem
  const { rows, scores } = await problem.crossValidate(recipe, split, reporting(control, 0, 0.7))
  const calibration = chooseServedCalibration(objective, scores, pickTargets(part, rows))
  const started = performance.now()
  const data = await fitClassifier(recipe, part, { ...reporting(control, 0.7, 1), ...limits, names, calibration })
  return { data, trainingSeconds: (performance.now() - started) / 1000 }
}

/** Fits a recipe as `fitCalibrated` does and judges it on the held-out part through the classifier that would serve. */
export async function tryRecipe(recipe: TextRecipe, arena: Arena, control: TrainingControl): Promise<Trial> {
  const { held, names, objective } = arena
  const { data, trainingSeconds } = await fitCalibrated(recipe, arena, reporting(control, 0, 0.9))
  const classifier = new TextClassifier(data)
  const probabilities = await classifyAll(classifier, held.texts, reporting(control, 0.9, 1))
  return {
    ...judge(probabilities, held, { names, objective }),
    calibration: data.calibration,
    answers: countAnswers(probabilities, names.length),
    trainingSeconds,
    modelBytes: [...encodeTextClassifier(data).values()].reduce((sum, file) => sum + file.byteLength, 0),
    predictMs: medianPredictMs(classifier, held.texts),
  }
}
