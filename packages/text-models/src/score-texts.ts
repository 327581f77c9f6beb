import { createNetworkScorer, kernelSvmScores, linearScores, treePredictions } from '@rapport/ml'
import { createTokenEncoder, TextTokenizer, TextVectorizer } from '@rapport/text'
import type { NetworkTextScorer, TextScorer } from './text-classifier-data.ts'

/**
 * Scores of texts, texts x classes, row-major, as a calibration takes them: comparable between texts, that is margins or
 * logarithms of probabilities.
 */
export type ScoreTexts = (texts: readonly string[]) => Float32Array

/** The logarithm of no less than this: what trees have never seen is not impossible. */
const leastProbability = 2 ** -24

/** Not re-entrant; make one for each thread. */
export function createTextScorer(scorer: TextScorer): ScoreTexts {
  if (scorer.kind === 'network') return createNetworkTextScorer(scorer)
  const vectorizer = new TextVectorizer(scorer.vectorizer)
  switch (scorer.kind) {
    case 'linear': {
      const { model, scores } = scorer
      const raw: ScoreTexts = (texts) => linearScores(model, vectorizer.transform(texts))
      return scores === 'margins' ? raw : (texts) => toLogProbabilities(raw(texts), model.classes)
    }
    case 'trees':
      return (texts) => toLogarithms(treePredictions(scorer.ensemble, vectorizer.transform(texts)))
    case 'kernel-svm':
      return (texts) => kernelSvmScores(scorer.model, vectorizer.transform(texts))
  }
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
