import type { BundleFiles, Calibration, KernelSvmModel, LinearModel, NetworkModel, TreeEnsemble } from '@rapport/ml'
import type { EncodeOptions, TextAnalysis, TextVectorizerData, TokenVocabulary } from '@rapport/text'

/** A linear model on the rows of a vectorizer. */
export interface LinearTextScorer {
  readonly kind: 'linear'
  readonly vectorizer: TextVectorizerData
  readonly model: LinearModel
  /**
   * What the model's scores are: `margins` of one class against the rest, which compare between texts as they are, or
   * `logits`, of which only differences within a text mean something.
   */
  readonly scores: 'margins' | 'logits'
  /** By feature, of the training rows: what an absent feature is measured against in explanations. */
  readonly means: Float64Array
}

/** A forest or boosted trees on the rows of a vectorizer. */
export interface TreeTextScorer {
  readonly kind: 'trees'
  readonly vectorizer: TextVectorizerData
  readonly ensemble: TreeEnsemble
}

export interface KernelTextScorer {
  readonly kind: 'kernel-svm'
  readonly vectorizer: TextVectorizerData
  readonly model: KernelSvmModel
}

/** A network on token ids. */
export interface NetworkTextScorer {
  readonly kind: 'network'
  readonly analysis: TextAnalysis
  readonly vocabulary: TokenVocabulary
  /** How tokens become the network's rows; its `length` is the network's. */
  readonly encoding: Required<EncodeOptions>
  readonly network: NetworkModel
  /** The network as its trainer saved it. */
  readonly files: BundleFiles
}

/** What gives a text a score for every class. */
export type TextScorer = LinearTextScorer | TreeTextScorer | KernelTextScorer | NetworkTextScorer

/** A trained classifier of texts; plain data. Classes are numbered as `labels` stand. */
export interface TextClassifierData {
  readonly labels: readonly string[]
  readonly scorer: TextScorer
  /** Of the scores that `scoreTexts` gives. */
  readonly calibration: Calibration
}
