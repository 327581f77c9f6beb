import { createHash } from 'node:crypto'
import type { TextTask } from '@rapport/contracts'
import type { TrainingControl } from '@rapport/ml'
import { starterCorpus } from '@rapport/starter-texts'
import type { TextClassifierData } from '@rapport/text-models'
import { fitClassifier } from '../text/fit-classifier.ts'
import type { TextRecipe } from '../text/text-recipe.ts'

/**
 * Made texts are told apart without an error, so that nothing about real ones can be learnt by comparing recipes on them.
 * This one was the best on real ones (docs/quality.md), where the temperatures make the mean confidence what the accuracy is.
 */
export const starterRecipe: TextRecipe = {
  algorithm: 'linear-svm',
  features: { analyzer: 'char', ngrams: [1, 5], minDf: 2, maxFeatures: 400_000 },
  parameters: { cost: 0.3 },
}
const temperatures: Readonly<Record<TextTask, number>> = { sentiment: 0.7, 'text-classification': 0.3 }

export interface FittedStarter {
  readonly data: TextClassifierData
  readonly texts: readonly string[]
  /** Of the texts and the recipe: the beginning of a SHA-256. */
  readonly revision: string
}

/** Trains the starter model of a task: the same model wherever it is trained. Throws as `fitClassifier` does. */
export async function fitStarter(
  task: TextTask,
  options: TrainingControl & { readonly memoryLimitBytes: number },
): Promise<FittedStarter> {
  const { rows, labels: names } = starterCorpus(task)
  const texts = rows.map(({ text }) => text)
  const labels = Int32Array.from(rows, ({ label }) => names.indexOf(label))
  const calibration = { kind: 'temperature', temperature: temperatures[task] } as const
  const made = JSON.stringify([starterRecipe, calibration, rows])
  const revision = createHash('sha256').update(made).digest('hex').slice(0, 12)
  const data = await fitClassifier(
    starterRecipe,
    { texts, labels, classes: names.length },
    { ...options, names, calibration },
  )
  return { data, texts, revision }
}
