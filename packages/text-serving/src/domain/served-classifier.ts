import type { ModelManifest } from '@rapport/contracts'
import { Turns } from '@rapport/core'
import { createTextExplainer, type ExplainText, type TextClassifier } from '@rapport/text-models'
import { VersionTally } from './version-tally.ts'

/** What a version has said of texts before, whoever asks. */
export interface KnownScores {
  /** Rows line up with the texts; undefined where none is known. */
  read(scorer: ServedClassifier['manifest'], texts: readonly string[]): Promise<readonly (Float32Array | undefined)[]>
  write(scorer: ServedClassifier['manifest'], text: string, row: Float32Array): void
}

/** A text classifier in memory. */
export class ServedClassifier {
  readonly manifest: Pick<ModelManifest, 'tenant' | 'name' | 'version' | 'task'>
  readonly classifier: TextClassifier
  readonly tally: VersionTally
  readonly cache: KnownScores | undefined
  private msPerUnit: number | undefined
  private explainer: ExplainText | undefined
  private readonly turns = new Turns(1)

  constructor(manifest: ServedClassifier['manifest'], classifier: TextClassifier, cache?: KnownScores) {
    this.cache = cache
    this.manifest = manifest
    this.classifier = classifier
    this.tally = new VersionTally(classifier.labels.length)
  }

  get labels(): readonly string[] {
    return this.classifier.labels
  }

  get version(): string {
    return this.manifest.version
  }

  /** Probabilities, texts x labels, row-major. */
  classify(texts: readonly string[]): Float32Array {
    const startedMs = performance.now()
    const probabilities = this.classifier.classify(texts)
    const measured = (performance.now() - startedMs) / unitsOf(texts)
    const standing = this.msPerUnit ?? measured
    // What is quick shows what it costs; what is slow may have waited for others.
    this.msPerUnit = measured < standing ? measured : standing + 0.05 * (measured - standing)
    return probabilities
  }

  /** How long `classify` will take; 0 before the first. */
  expectedMs(texts: readonly string[]): number {
    return (this.msPerUnit ?? 0) * unitsOf(texts)
  }

  /** One explanation at a time: an explainer has working memory of its own. Rejects with the signal's reason. */
  readonly explain: ExplainText = (text, label, lime) =>
    this.turns.run(() => {
      lime.signal?.throwIfAborted()
      this.explainer ??= createTextExplainer(this.classifier)
      return this.explainer(text, label, lime)
    })
}

/** UTF-16 units, at least one. */
const unitsOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 1)
