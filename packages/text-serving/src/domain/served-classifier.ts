import type { ModelManifest } from '@rapport/contracts'
import { Turns } from '@rapport/core'
import { createTextExplainer, readAnswerCounts, type ExplainText, type TextClassifier } from '@rapport/text-models'
import { Drift } from './drift.ts'
import { VersionTally } from './version-tally.ts'

/** A text classifier in memory. */
export class ServedClassifier {
  readonly manifest: Pick<ModelManifest, 'tenant' | 'name' | 'version' | 'task' | 'metrics'>
  readonly classifier: TextClassifier
  readonly tally: VersionTally
  readonly drift: Drift
  private explainer: ExplainText | undefined
  private readonly turns = new Turns(1)

  constructor(manifest: ServedClassifier['manifest'], classifier: TextClassifier) {
    this.manifest = manifest
    this.classifier = classifier
    this.tally = new VersionTally(classifier.labels.length)
    this.drift = new Drift(readAnswerCounts(manifest.metrics, classifier.labels), classifier.labels.length)
  }

  /** Counts a document with the version. */
  note(label: number, probability: number, isUncertain: boolean): void {
    this.tally.note(label, probability, isUncertain)
    this.drift.note(label, probability)
  }

  get labels(): readonly string[] {
    return this.classifier.labels
  }

  get version(): string {
    return this.manifest.version
  }

  /** One explanation at a time: an explainer has working memory of its own. Rejects with the signal's reason. */
  readonly explain: ExplainText = (text, label, lime) =>
    this.turns.run(() => {
      lime.signal?.throwIfAborted()
      this.explainer ??= createTextExplainer(this.classifier)
      return this.explainer(text, label, lime)
    })
}
