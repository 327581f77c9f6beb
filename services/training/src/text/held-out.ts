import type { LeaderboardRow, TrainingObjective } from '@rapport/contracts'
import {
  createPacer,
  evaluateClassification,
  evaluateLabelSets,
  expectedCalibrationError,
  highestClasses,
  labelSetCalibrationError,
  labelSetLogLoss,
  logLoss,
  type TrainingControl,
} from '@rapport/ml'
import type { TextClassifier } from '@rapport/text-models'
import { objectiveOf } from './text-objective.ts'
import { labelSizes, type Targets } from './targets.ts'

/** Of the same held-out part: what a leaderboard shows, and what decides. */
export interface HeldOutResult extends Pick<LeaderboardRow, 'metrics' | 'classes' | 'confusion'> {
  /** The more the better. */
  readonly objective: number
}

interface Judging {
  readonly names: readonly string[]
  readonly objective: TrainingObjective
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
export function judge(probabilities: Float32Array, targets: Targets, { names, objective }: Judging): HeldOutResult {
  const { labels, classes, sets } = targets
  if (sets !== undefined) return judgeSets(probabilities, { ...targets, sets }, { names, objective })
  const evaluation = evaluateClassification(labels, highestClasses(probabilities, classes), classes)
  const { accuracy, macroF1, perClass, confusion } = evaluation
  const rows = Array.from({ length: classes }, (_, at) => [...confusion.subarray(at * classes, (at + 1) * classes)])
  return {
    objective: objectiveOf(objective, probabilities, targets),
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

/** `given` is 1 for the labels that are given and otherwise 0, where that does not follow from the probabilities. */
function judgeSets(
  probabilities: Float32Array,
  targets: Targets & { readonly sets: readonly Int32Array[] },
  { names, objective }: Judging,
  given = probabilities,
): HeldOutResult {
  const { sets, classes } = targets
  const { subsetAccuracy, microF1, macroF1, hammingLoss, perClass } = evaluateLabelSets(sets, given, classes)
  return {
    objective: objectiveOf(objective, objective === 'log-loss' ? probabilities : given, targets),
    metrics: {
      accuracy: subsetAccuracy,
      microF1,
      macroF1,
      hammingLoss,
      logLoss: labelSetLogLoss(sets, probabilities, classes),
      calibrationError: labelSetCalibrationError(sets, probabilities, { classes }),
    },
    classes: perClass.map((each, at) => ({ label: names[at] ?? '', ...each })),
  }
}

/**
 * What a classifier must beat: every label is as likely as it is frequent in the training part; of label sets the most frequent
 * one is given.
 */
export function judgeMostFrequent(train: Targets, held: Targets, judging: Judging): HeldOutResult {
  const { classes, sets } = held
  const rows = held.labels.length
  const shares = repeat(
    Float32Array.from(labelSizes(train), (size) => size / train.labels.length),
    rows,
  )
  if (train.sets === undefined || sets === undefined) return judge(shares, held, judging)
  const frequent = mostFrequentSet(train.sets)
  const given = repeat(
    Float32Array.from({ length: classes }, (_, label) => (frequent.includes(label) ? 1 : 0)),
    rows,
  )
  return judgeSets(shares, { ...held, sets }, judging, given)
}

function repeat(row: Float32Array, rows: number): Float32Array {
  const repeated = new Float32Array(rows * row.length)
  for (let at = 0; at < repeated.length; at += row.length) repeated.set(row, at)
  return repeated
}

function mostFrequentSet(sets: readonly Int32Array[]): Int32Array {
  const counts = new Map<string, { readonly set: Int32Array; count: number }>()
  for (const set of sets) {
    const key = set.toSorted().join()
    const known = counts.get(key) ?? { set, count: 0 }
    known.count += 1
    counts.set(key, known)
  }
  return [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a)).set
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
