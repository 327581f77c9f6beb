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
  /** One explanation at a time: an explainer has working memory of its own. Rejects with the signal's reason. */
  readonly explain: ExplainText
  /** Whether it came with the release and answers a tenant that has none of the name. */
  readonly isStarter: boolean
  private readonly lent = new Map<string, ServedClassifier>()

  constructor(manifest: ServedClassifier['manifest'], classifier: TextClassifier, lender?: ServedClassifier) {
    this.manifest = manifest
    this.classifier = classifier
    this.tally = new VersionTally(classifier.labels.length)
    this.drift = new Drift(readAnswerCounts(manifest.metrics, classifier.labels), classifier.labels.length)
    this.explain = lender?.explain ?? explainInTurn(classifier)
    this.isStarter = lender !== undefined
  }

  /** Counts a document with the version. */
  note(label: number, probability: number, isUncertain: boolean): void {
    this.tally.note(label, probability, isUncertain)
    this.drift.note(label, probability)
  }

  /** The same model as a tenant's, with a tally of its own. */
  lentTo(tenant: string): ServedClassifier {
    const known = this.lent.get(tenant)
    if (known !== undefined) return known
    const made = new ServedClassifier({ ...this.manifest, tenant }, this.classifier, this)
    this.lent.set(tenant, made)
    return made
  }

  /** Itself, or of each tenant that it is lent to the tenant's. */
  get uses(): readonly ServedClassifier[] {
    return this.lent.size === 0 ? [this] : [...this.lent.values()]
  }

  get labels(): readonly string[] {
    return this.classifier.labels
  }

  get version(): string {
    return this.manifest.version
  }
}

function explainInTurn(classifier: TextClassifier): ExplainText {
  const turns = new Turns(1)
  let explainer: ExplainText | undefined
  return (text, label, lime) =>
    turns.run(() => {
      lime.signal?.throwIfAborted()
      explainer ??= createTextExplainer(classifier)
      return explainer(text, label, lime)
    })
}

/** The models in memory as the tenants use them. */
export const usesOf = (served: Iterable<ServedClassifier>): readonly ServedClassifier[] =>
  [...served].flatMap((each) => each.uses)
