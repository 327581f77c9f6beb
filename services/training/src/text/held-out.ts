import type { LeaderboardRow, TrainingObjective } from '@rapport/contracts'
import {
  createPacer,
  evaluateClassification,
  expectedCalibrationError,
  highestClasses,
  logLoss,
  type TrainingControl,
} from '@rapport/ml'
import type { TextClassifier } from '@rapport/text-models'
import { objectiveOf } from './text-objective.ts'
import type { LabelledTexts } from './text-problem.ts'

/** Of the same held-out part: what a leaderboard shows, and what decides. */
export interface HeldOutResult extends Pick<LeaderboardRow, 'metrics' | 'classes' | 'confusion'> {
  /** The more the better. */
  readonly objective: number
}

/** Texts that are classified between two looks at the clock. */
const batch = 64
const mostConfused = 100
const timedTexts = 200

/** Probabilities of texts x classes, with breaks. */
export async function classifyAll(
  classifier: TextClassifier,
  texts: readonly string[],
  control: TrainingControl,
): Promise<Float32Array> {
  const classes = classifier.labels.length
  const probabilities = new Float32Array(texts.length * classes)
  const pacer = createPacer(control)
  for (let from = 0; from < texts.length; from += batch) {
    if (pacer.due()) await pacer.pause(from / texts.length)
    probabilities.set(classifier.classify(texts.slice(from, from + batch)), from * classes)
  }
  return probabilities
}

/** Judges probabilities of the held-out texts. */
export function judge(
  probabilities: Float32Array,
  { labels, classes }: LabelledTexts,
  { names, objective }: { readonly names: readonly string[]; readonly objective: TrainingObjective },
): HeldOutResult {
  const evaluation = evaluateClassification(labels, highestClasses(probabilities, classes), classes)
  const { accuracy, macroF1, perClass, confusion } = evaluation
  const rows = Array.from({ length: classes }, (_, at) => [...confusion.subarray(at * classes, (at + 1) * classes)])
  return {
    objective: objectiveOf(objective, probabilities, labels, classes),
    metrics: {
      accuracy,
      macroF1,
      logLoss: logLoss(labels, probabilities, classes),
      calibrationError: expectedCalibrationError(labels, probabilities, { classes }),
    },
    classes: perClass.map((each, at) => ({ label: names[at] ?? '', ...each })),
    ...(classes <= mostConfused && { confusion: rows }),
  }
}

/** Every label as likely as it is frequent in the training part: what a classifier must beat. */
export function mostFrequentBaseline(train: LabelledTexts, held: LabelledTexts): Float32Array {
  const { classes } = held
  const shares = new Float32Array(classes)
  for (const label of train.labels) shares[label] = (shares[label] as number) + 1 / train.labels.length
  const probabilities = new Float32Array(held.labels.length * classes)
  for (let at = 0; at < probabilities.length; at += classes) probabilities.set(shares, at)
  return probabilities
}

/** Median milliseconds that one text takes, after as many texts to warm up. */
export function medianPredictMs(classifier: TextClassifier, texts: readonly string[]): number {
  const timed = texts.slice(0, timedTexts)
  for (const text of timed) classifier.classify([text])
  const times = timed.map((text) => {
    const started = performance.now()
    classifier.classify([text])
    return performance.now() - started
  })
  return times.sort((a, b) => a - b)[times.length >> 1] ?? 0
}
