import {
  createPacer,
  explainTokens,
  LinearShap,
  linearScores,
  maxLimeTokens,
  treeScores,
  TreeShap,
  type TokenMasks,
} from '@rapport/ml'
import { TextTokenizer, TextVectorizer, type TextToken } from '@rapport/text'
import { joinLetters } from './join-letters.ts'
import type { LinearTextScorer, TextScorer, TreeTextScorer } from './text-classifier-data.ts'
import type { TextClassifier } from './text-classifier.ts'

/** What a token adds to what is explained; offsets are those of the text as it was given, in UTF-16 units. */
export interface TokenWeight {
  readonly start: number
  readonly end: number
  readonly weight: number
}

/** Why a text got its label. Tokens in the order of the text, those without weight too. */
export interface TextExplanation {
  readonly method: 'linear-shap' | 'tree-shap' | 'lime'
  /**
   * What is explained: the label's `score` before calibration (SHAP: `base` and the weights sum to it within 1e-6, relative
   * to the largest; of logits that is what they are above the mean of all labels'), or its calibrated `probability` (LIME:
   * nearly).
   */
  readonly of: 'score' | 'probability'
  /** What is left when no token is there. */
  readonly base: number
  readonly value: number
  readonly tokens: readonly TokenWeight[]
  /** LIME: how much of the probability's change around the text the weights account for, at most 1. */
  readonly localR2?: number
}

export interface LimeSettings {
  readonly seed: number
  /** Versions of the text; 5,000 when absent. */
  readonly samples?: number
  readonly signal?: AbortSignal
}

/** Explains one label of a text. */
export type ExplainText = (text: string, label: number, lime: LimeSettings) => Promise<TextExplanation>

/** By what a scorer is explained: exactly where that can be done in time, else by LIME. Not re-entrant. */
export function createTextExplainer(classifier: TextClassifier): ExplainText {
  const { scorer } = classifier.data
  switch (scorer.kind) {
    case 'linear':
      return createLinearExplainer(scorer)
    case 'trees':
      return createTreeExplainer(scorer)
    case 'kernel-svm':
    case 'network':
      return createLimeExplainer(classifier)
  }
}

function createLinearExplainer({ vectorizer: data, model, means, scores }: LinearTextScorer): ExplainText {
  const vectorizer = new TextVectorizer(data)
  const tokenizer = new TextTokenizer(data.analysis)
  const shap = new LinearShap(model, means)
  const { classes } = model
  // A logit by itself says nothing: of naive Bayes every word makes every label's less.
  const partOf = scores === 'margins' ? ownPart : partAboveMean
  return async (text, label) => {
    const matrix = vectorizer.transform([text])
    const { base, contributions, absent } = shap.explain(matrix, 0)
    const ofColumn = new Map<number, number>()
    matrix.indices.forEach((column, entry) => {
      const row = contributions.subarray(entry * classes, (entry + 1) * classes)
      ofColumn.set(column, partOf(row, label))
    })
    return {
      method: 'linear-shap',
      of: 'score',
      base: partOf(base, label) + partOf(absent, label),
      value: partOf(Float64Array.from(linearScores(model, matrix)), label),
      tokens: spread(text, { vectorizer, tokenizer, ofColumn }),
    }
  }
}

const ownPart = (byLabel: Float64Array, label: number): number => byLabel[label] as number
const partAboveMean = (byLabel: Float64Array, label: number): number =>
  ownPart(byLabel, label) - byLabel.reduce((sum, part) => sum + part, 0) / byLabel.length

function createTreeExplainer({ vectorizer: data, ensemble }: TreeTextScorer): ExplainText {
  const vectorizer = new TextVectorizer(data)
  const tokenizer = new TextTokenizer(data.analysis)
  const shap = new TreeShap(ensemble)
  const { outputs } = ensemble
  return async (text, label) => {
    // Two classes have one score, that of the second.
    const [output, sign] = outputs === 1 ? [0, label === 0 ? -1 : 1] : [label, 1]
    const matrix = vectorizer.transform([text])
    const { indices, values } = matrix
    const row = new Float32Array(ensemble.featureCount)
    indices.forEach((column, entry) => (row[column] = values[entry] as number))
    const { base, contributions } = shap.explain(row)
    const ofColumn = new Map<number, number>()
    let absent = 0
    for (let column = 0; column < row.length; column += 1) {
      const contribution = sign * (contributions[column * outputs + output] as number)
      if (row[column] === 0) absent += contribution
      else ofColumn.set(column, contribution)
    }
    return {
      method: 'tree-shap',
      of: 'score',
      base: sign * (base[output] as number) + absent,
      value: sign * (treeScores(ensemble, matrix)[output] as number),
      tokens: spread(text, { vectorizer, tokenizer, ofColumn }),
    }
  }
}

interface Spread {
  readonly vectorizer: TextVectorizer
  readonly tokenizer: TextTokenizer
  readonly ofColumn: ReadonlyMap<number, number>
}

/** A column's contribution, in equal parts to all its occurrences, and of an n-gram to all its tokens; letters as words. */
function spread(text: string, { vectorizer, tokenizer, ofColumn }: Spread): TokenWeight[] {
  const occurrences = vectorizer.occurrences(text)
  const counts = new Map<number, number>()
  for (const { column } of occurrences) counts.set(column, (counts.get(column) ?? 0) + 1)
  const tokens = tokenizer.spans(text)
  const weights = new Float64Array(tokens.length)
  let first = 0
  for (const { column, start, end } of occurrences) {
    // Both are in the order of the text.
    while ((tokens[first] as TextToken).start < start) first += 1
    let last = first
    while (last + 1 < tokens.length && (tokens[last + 1] as TextToken).end <= end) last += 1
    const share = (ofColumn.get(column) ?? 0) / (counts.get(column) as number) / (last - first + 1)
    for (let token = first; token <= last; token += 1) weights[token] = (weights[token] as number) + share
  }
  const weighed = tokens.map(({ start, end }, token) => ({ start, end, weight: weights[token] as number }))
  return tokenizer.analysis.analyzer === 'char' ? joinLetters(text, weighed) : weighed
}

/** A process that explains also answers others. */
const predictionSliceMs = 5

/** By LIME whatever the scorer. Of equal tokens all are there or none, as the authors' program has it for bags of words. */
export function createLimeExplainer(classifier: TextClassifier): ExplainText {
  const tokenizer = new TextTokenizer(analysisOf(classifier.data.scorer))
  const classes = classifier.labels.length
  return async (text, label, { seed, samples, signal }) => {
    const tokens = tokenizer.spans(text)
    const words = numberWords(tokens)
    if (words.count === 0) {
      const value = classifier.classify([text])[label] as number
      return { method: 'lime', of: 'probability', base: value, value, tokens: [], localR2: 1 }
    }
    const control = signal === undefined ? {} : { signal }
    const pacer = createPacer(control, predictionSliceMs)
    const predict = async ({ kept, samples: versions }: TokenMasks): Promise<Float32Array> => {
      const predicted = new Float32Array(versions * classes)
      for (let version = 0; version < versions; version += 1) {
        if (pacer.due()) await pacer.pause(0)
        const masked = maskedText(text, tokens, (token) => {
          const word = words.of[token] as number
          return word < 0 || kept[version * words.count + word] === 1
        })
        predicted.set(classifier.classify([masked]), version * classes)
      }
      return predicted
    }
    const settings = { classes, seed, ...(samples !== undefined && { samples }) }
    const { weights, intercepts, localR2, probabilities } = await explainTokens(words.count, predict, settings, control)
    return {
      method: 'lime',
      of: 'probability',
      base: intercepts[label] as number,
      value: probabilities[label] as number,
      localR2: localR2[label] as number,
      tokens: tokens.map(({ start, end }, at) => {
        const word = words.of[at] as number
        const weight = word < 0 ? 0 : (weights[word * classes + label] as number) / (words.occurrences[word] as number)
        return { start, end, weight }
      }),
    }
  }
}

const analysisOf = (scorer: TextScorer) => (scorer.kind === 'network' ? scorer.analysis : scorer.vectorizer.analysis)

interface Words {
  readonly count: number
  /** By token; -1 for those beyond what can be explained, which always stay. */
  readonly of: Int32Array
  /** By word. */
  readonly occurrences: readonly number[]
}

function numberWords(tokens: readonly TextToken[]): Words {
  const numbers = new Map<string, number>()
  const occurrences: number[] = []
  const of = Int32Array.from(tokens, ({ token }) => {
    const known = numbers.get(token) ?? (numbers.size < maxLimeTokens ? numbers.size : -1)
    if (known < 0) return known
    numbers.set(token, known)
    occurrences[known] = (occurrences[known] ?? 0) + 1
    return known
  })
  return { count: numbers.size, of, occurrences }
}

/** The text without the tokens that are not kept. */
function maskedText(text: string, tokens: readonly TextToken[], isKept: (token: number) => boolean): string {
  let out = ''
  let from = 0
  for (const [token, { start, end }] of tokens.entries()) {
    if (isKept(token)) continue
    out += text.slice(from, Math.max(from, start))
    from = Math.max(from, end)
  }
  return out + text.slice(from)
}
