import { createHash } from 'node:crypto'
import type { TextTask } from '@rapport/contracts'
import type { TrainingControl } from '@rapport/ml'
import { starterCorpus } from '@rapport/starter-texts'
import { TextClassifier, type TextClassifierData } from '@rapport/text-models'
import { fitClassifier } from '../text/fit-classifier.ts'
import type { TextRecipe } from '../text/text-recipe.ts'
import { probeTexts } from './probe-texts.ts'

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
  /** Of the texts, the recipe and what the model answers: the beginning of a SHA-256. */
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
  const data = await fitClassifier(
    starterRecipe,
    { texts, labels, classes: names.length },
    { ...options, names, calibration },
  )
  return { data, texts, revision: revisionOf([starterRecipe, calibration, rows], data) }
}

/**
 * Of what a model was made from and of its probabilities for some texts, in thousandths: another one where the tokenizer or
 * the trainer has changed.
 */
export function revisionOf(madeFrom: readonly unknown[], data: TextClassifierData): string {
  const answers = Array.from(new TextClassifier(data).classify(probeTexts), (probability) =>
    Math.round(1000 * probability),
  )
  return createHash('sha256')
    .update(JSON.stringify([...madeFrom, answers]))
    .digest('hex')
    .slice(0, 12)
}
