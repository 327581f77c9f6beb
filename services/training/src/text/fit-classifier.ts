import { columnMeans, createPacer, type Calibration, type CsrMatrix, type TrainingControl } from '@rapport/ml'
import { TextVectorizerFitter, type TextVectorizerData } from '@rapport/text'
import type { RowScorer, TextClassifierData, TextScorer } from '@rapport/text-models'
import type { LabelledTexts } from './targets.ts'
import { trainWithin } from './text-problem.ts'
import type { OpenNetworks } from './networks/network-trainer.ts'
import { isNetwork, vectorizerOptions, type FeatureSet, type TextRecipe } from './text-recipe.ts'

export interface FitOptions extends TrainingControl {
  readonly names: readonly string[]
  readonly calibration: Calibration
  readonly memoryLimitBytes: number
  /** For recipes of networks, which cannot be fitted without. */
  readonly networks?: OpenNetworks
}

/** The classifier that would serve. Throws as `trainWithin` and `NetworkTrainer` do. */
export async function fitClassifier(
  recipe: TextRecipe,
  part: LabelledTexts,
  { names, calibration, networks, ...options }: FitOptions,
): Promise<TextClassifierData> {
  if (isNetwork(recipe)) {
    if (networks === undefined) throw new Error(`nothing was given to train ${recipe.algorithm} with`)
    const scorer = await (await networks()).fit(recipe, part, options)
    return { labels: names, calibration, scorer }
  }
  const { texts, ...targets } = part
  const { data, matrix } = await fitVectorizer(texts, recipe.features, options)
  const scorer = await trainWithin(recipe, { rows: matrix, ...targets }, options)
  return { labels: names, calibration, scorer: toTextScorer(scorer, data, matrix) }
}

async function fitVectorizer(
  texts: readonly string[],
  features: FeatureSet,
  control: TrainingControl,
): Promise<{ readonly data: TextVectorizerData; readonly matrix: CsrMatrix }> {
  const pacer = createPacer(control)
  const fitter = new TextVectorizerFitter(vectorizerOptions(features))
  for (const text of texts) {
    if (pacer.due()) await pacer.pause(0)
    fitter.add(text)
  }
  return fitter.finish()
}

function toTextScorer(scorer: RowScorer, vectorizer: TextVectorizerData, matrix: CsrMatrix): TextScorer {
  return scorer.kind === 'linear' ? { ...scorer, vectorizer, means: columnMeans(matrix) } : { ...scorer, vectorizer }
}
