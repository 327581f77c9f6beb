import { evaluateClassification, expectedCalibrationError, highestClasses, logLoss } from '@rapport/ml'
import { TextClassifier } from '@rapport/text-models'
import { chooseClassifier } from '@rapport/training'
import type { QualityRow } from '../report/quality-set.ts'
import type { TextParts } from './text-problem.ts'

/** As a request for a training job has it by default. */
export const defaultBudgetSeconds = 60
const memoryLimitBytes = 4 * 1024 ** 3
const silent = (): void => undefined
const log = { debug: silent, info: silent, warn: silent, error: silent }

export interface WinnerOptions {
  readonly objective: 'accuracy' | 'macro-f1'
  /** For the search. */
  readonly budgetSeconds: number
}

/**
 * What a training job makes of the training part, chosen by cross-validation there, judged on the test part: the probabilities
 * are those that would be served.
 */
export async function measureWinner(
  { names, train, test }: TextParts,
  { objective, budgetSeconds }: WinnerOptions,
): Promise<QualityRow> {
  const started = performance.now()
  const { name, mean, data } = await chooseClassifier({ ...train, classes: names.length }, names, {
    objective,
    budgetSeconds,
    memoryLimitBytes,
    signal: new AbortController().signal,
    log,
  })
  const trainSeconds = (performance.now() - started) / 1000
  return {
    model: 'winner',
    chosen: `${name}, ${data.calibration.kind}`,
    metrics: { ...judgeServed(new TextClassifier(data), test), crossValidated: mean, trainSeconds },
  }
}

/** What the probabilities that a classifier serves are worth on those texts. */
export function judgeServed(
  classifier: TextClassifier,
  { texts, labels }: TextParts['test'],
): Readonly<Record<'accuracy' | 'macroF1' | 'calibrationError' | 'logLoss', number>> {
  const classes = classifier.labels.length
  const probabilities = classifier.classify([...texts])
  const { accuracy, macroF1 } = evaluateClassification(labels, highestClasses(probabilities, classes), classes)
  return {
    accuracy,
    macroF1,
    calibrationError: expectedCalibrationError(labels, probabilities, { classes }),
    logLoss: logLoss(labels, probabilities, classes),
  }
}
