import type { LeaderboardRow, TrainingObjective } from '@rapport/contracts'
import type { Calibration, TrainingControl } from '@rapport/ml'
import { countAnswers, encodeTextClassifier, TextClassifier, type AnswerCounts } from '@rapport/text-models'
import { within } from '../training-context.ts'
import { fitClassifier } from './fit-classifier.ts'
import { classifyAll, judge, medianPredictMs, type HeldOutResult } from './held-out.ts'
import { chooseServedCalibration } from './served-calibration.ts'
import type { CorpusSplit } from './split-corpus.ts'
import type { LabelledTexts, TextProblem } from './text-problem.ts'
import type { TextRecipe } from './text-recipe.ts'

/** Where recipes are compared: trained on one part, judged on another. */
export interface Arena {
  readonly problem: TextProblem
  readonly held: LabelledTexts
  readonly names: readonly string[]
  readonly split: Pick<CorpusSplit, 'folds' | 'foldOf'>
  readonly objective: TrainingObjective
  readonly memoryLimitBytes: number
}

export interface Trial extends HeldOutResult, Pick<LeaderboardRow, 'trainingSeconds' | 'modelBytes' | 'predictMs'> {
  readonly calibration: Calibration
  /** What the classifier says of the held-out part. */
  readonly answers: AnswerCounts
}

/**
 * Trains a recipe on the training part, calibrates it on its cross-validated scores there, and judges it on the held-out
 * part through the classifier that would serve. Throws as `fitClassifier` does.
 */
export async function tryRecipe(recipe: TextRecipe, arena: Arena, control: TrainingControl): Promise<Trial> {
  const { problem, held, names, split, objective, memoryLimitBytes } = arena
  const report = (from: number, to: number) => ({
    ...control,
    onProgress: (part: number): void => control.onProgress?.(within(from, to, part)),
  })
  const scores = await problem.crossValidate(recipe, split, report(0, 0.6))
  const calibration = chooseServedCalibration(objective, scores, problem.part)
  const started = performance.now()
  const data = await fitClassifier(recipe, problem.part, { ...report(0.6, 0.9), names, calibration, memoryLimitBytes })
  const trainingSeconds = (performance.now() - started) / 1000
  const classifier = new TextClassifier(data)
  const probabilities = await classifyAll(classifier, held.texts, report(0.9, 1))
  return {
    ...judge(probabilities, held, { names, objective }),
    calibration,
    answers: countAnswers(probabilities, names.length),
    trainingSeconds,
    modelBytes: [...encodeTextClassifier(data).values()].reduce((sum, file) => sum + file.byteLength, 0),
    predictMs: medianPredictMs(classifier, held.texts),
  }
}
