import { createNetworkScorer, kernelSvmScores, linearScores, treePredictions, type CsrMatrix } from '@rapport/ml'
import { createTokenEncoder, TextTokenizer, TextVectorizer } from '@rapport/text'
import type {
  KernelTextScorer,
  LinearTextScorer,
  NetworkTextScorer,
  TextScorer,
  TreeTextScorer,
} from './text-classifier-data.ts'

/**
 * Scores of texts, texts x classes, row-major, as a calibration takes them: comparable between texts, that is margins or
 * logarithms of probabilities.
 */
export type ScoreTexts = (texts: readonly string[]) => Float32Array

/** The logarithm of no less than this: what trees have never seen is not impossible. */
const leastProbability = 2 ** -24
const leastLogarithm = Math.log(leastProbability)

/** A scorer without what makes rows of texts. */
export type RowScorer =
  | Pick<LinearTextScorer, 'kind' | 'model' | 'scores'>
  | Omit<TreeTextScorer, 'vectorizer'>
  | Omit<KernelTextScorer, 'vectorizer'>

/** Scores of a vectorizer's rows, rows x classes, row-major: what `createTextScorer` gives the texts of the rows. */
export function scoreRows(scorer: RowScorer, rows: CsrMatrix): Float32Array {
  switch (scorer.kind) {
    case 'linear': {
      const { model, scores } = scorer
      const raw = linearScores(model, rows)
      return scores === 'margins' ? raw : toLogProbabilities(raw, model.classes)
    }
    case 'trees':
      return toLogarithms(treePredictions(scorer.ensemble, rows))
    case 'kernel-svm':
      return kernelSvmScores(scorer.model, rows)
  }
}

/** Not re-entrant; make one for each thread. */
export function createTextScorer(scorer: TextScorer): ScoreTexts {
  if (scorer.kind === 'network') return createNetworkTextScorer(scorer)
  const vectorizer = new TextVectorizer(scorer.vectorizer)
  return (texts) => scoreRows(scorer, vectorizer.transform(texts))
}

function createNetworkTextScorer({ analysis, vocabulary, encoding, network }: NetworkTextScorer): ScoreTexts {
  const tokenizer = new TextTokenizer(analysis)
  const encode = createTokenEncoder(vocabulary, encoding)
  const scorer = createNetworkScorer(network)
  return (texts) => {
    const { outputs } = scorer
    const probabilities = new Float32Array(texts.length * outputs)
    for (const [row, text] of texts.entries()) {
      const { ids } = encode([tokenizer.tokens(text)])
      scorer.score(ids, probabilities.subarray(row * outputs, (row + 1) * outputs))
    }
    return toLogarithms(probabilities)
  }
}

/**
 * What the scorer of a network gives texts, of the network's logits of them (rows x classes, row-major), in place: for what is
 * scored by the backend that trained it.
 */
export function networkScores(logits: Float32Array, classes: number): Float32Array {
  const scores = toLogProbabilities(logits, classes)
  for (let at = 0; at < scores.length; at += 1) scores[at] = Math.max(leastLogarithm, scores[at] as number)
  return scores
}

/** In place. */
function toLogarithms(probabilities: Float32Array): Float32Array {
  for (let at = 0; at < probabilities.length; at += 1) {
    probabilities[at] = Math.log(Math.max(leastProbability, probabilities[at] as number))
  }
  return probabilities
}

/** The logarithm of the softmax of every row, in place. */
function toLogProbabilities(scores: Float32Array, classes: number): Float32Array {
  for (let from = 0; from < scores.length; from += classes) {
    const row = scores.subarray(from, from + classes)
    const highest = row.reduce((a, b) => Math.max(a, b))
    const sum = row.reduce((total, score) => total + Math.exp(score - highest), 0)
    const logSum = highest + Math.log(sum)
    for (let label = 0; label < classes; label += 1) row[label] = (row[label] as number) - logSum
  }
  return scores
}
