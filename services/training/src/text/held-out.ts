import type { LeaderboardRow, TrainingObjective } from '@rapport/contracts'
import {
  createPacer,
  evaluateClassification,
  evaluateLabelSets,
  expectedCalibrationError,
  highestClasses,
  labelSetCalibrationError,
  labelSetLogLoss,
  labelThreshold,
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

/** Texts that are classified between two looks at the clock. */
const batch = 64
const belowThreshold = labelThreshold - 1e-6
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
  targets: Targets,
  { names, objective }: { readonly names: readonly string[]; readonly objective: TrainingObjective },
): HeldOutResult {
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

function judgeSets(
  probabilities: Float32Array,
  targets: Targets & { readonly sets: readonly Int32Array[] },
  { names, objective }: { readonly names: readonly string[]; readonly objective: TrainingObjective },
): HeldOutResult {
  const { sets, classes } = targets
  const { subsetAccuracy, microF1, macroF1, hammingLoss, perClass } = evaluateLabelSets(sets, probabilities, classes)
  return {
    objective: objectiveOf(objective, probabilities, targets),
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

/** Every label as likely as it is frequent in the training part, and of label sets the most frequent one: what a classifier must beat. */
export function mostFrequentBaseline(train: Targets, held: Targets): Float32Array {
  const { classes } = held
  const shares = new Float32Array(classes)
  for (const [label, size] of labelSizes(train).entries()) shares[label] = size / train.labels.length
  if (train.sets !== undefined) {
    const frequent = mostFrequentSet(train.sets)
    for (let label = 0; label < classes; label += 1) {
      const share = shares[label] as number
      shares[label] = frequent.includes(label) ? Math.max(share, labelThreshold) : Math.min(share, belowThreshold)
    }
  }
  const probabilities = new Float32Array(held.labels.length * classes)
  for (let at = 0; at < probabilities.length; at += classes) probabilities.set(shares, at)
  return probabilities
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
