import type { Log } from '@rapport/core'
import type { TextClassifierData } from '@rapport/text-models'
import { TrainingDataError } from '../errors.ts'
import { chooseRecipe, type RecipeWish } from './choose-recipe.ts'
import { openNetworksOnce } from './networks/network-trainer.ts'
import { finalistsOf } from './search-texts.ts'
import { foldCorpus } from './split-corpus.ts'
import type { LabelledTexts } from './targets.ts'
import { TextProblem } from './text-problem.ts'
import { nameOf, type TextRecipe } from './text-recipe.ts'
import { fitCalibrated } from './try-recipe.ts'

export interface ChosenClassifier {
  readonly recipe: TextRecipe
  /** Features, algorithm and parameters in words. */
  readonly name: string
  /** The objective over the folds, by which it was chosen. */
  readonly mean: number
  readonly deviation: number
  /** Fitted to all texts. */
  readonly data: TextClassifierData
}

export interface ChooseOptions extends RecipeWish {
  readonly memoryLimitBytes: number
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * What a training job makes of labelled texts, by the same search, folds and calibration, without a held-out part of its own:
 * for those who judge it on texts that they keep to themselves. Throws as `chooseRecipe` and `fitClassifier` do.
 */
export async function chooseClassifier(
  part: LabelledTexts,
  names: readonly string[],
  { memoryLimitBytes, signal, log, ...wish }: ChooseOptions,
): Promise<ChosenClassifier> {
  const networks = openNetworksOnce({ device: wish.device ?? 'auto', log, memoryLimitBytes })
  const split = await foldCorpus({ ...part, names }, { signal })
  const problem = new TextProblem(part, { memoryLimitBytes, networks })
  const tried = await chooseRecipe(problem, split, wish, { signal, log, report: () => undefined })
  const [best] = finalistsOf(tried)
  if (best === undefined) throw new TrainingDataError('RPT_TRAINING_NO_CANDIDATE', 'no candidate was scored in time')
  const { recipe, result } = best
  const arena = { problem, names, split, objective: wish.objective ?? 'accuracy', memoryLimitBytes, networks }
  const { data } = await fitCalibrated(recipe, arena, { signal })
  return { recipe, name: nameOf(recipe), mean: result.mean, deviation: result.deviation, data }
}
