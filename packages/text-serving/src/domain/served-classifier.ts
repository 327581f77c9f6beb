import type { ModelManifest } from '@rapport/contracts'
import { Turns } from '@rapport/core'
import { createTextExplainer, readAnswerCounts, type ExplainText, type TextClassifier } from '@rapport/text-models'
import { Drift } from './drift.ts'
import { VersionTally } from './version-tally.ts'

/** What a version has said of texts before, whoever asks. */
export interface KnownScores {
  /** Rows line up with the texts; undefined where none is known. */
  read(scorer: ServedClassifier['manifest'], texts: readonly string[]): Promise<readonly (Float32Array | undefined)[]>
  write(scorer: ServedClassifier['manifest'], text: string, row: Float32Array): void
}

interface ServedBy {
  readonly cache?: KnownScores | undefined
  /** Whose model it is, of one that is lent. */
  readonly lender?: ServedClassifier
}

/** A text classifier in memory. */
export class ServedClassifier {
  readonly manifest: Pick<ModelManifest, 'tenant' | 'name' | 'version' | 'task' | 'metrics' | 'createdAt'>
  readonly classifier: TextClassifier
  readonly tally: VersionTally
  readonly drift: Drift
  readonly cache: KnownScores | undefined
  /** One explanation at a time: an explainer has working memory of its own. Rejects with the signal's reason. */
  readonly explain: ExplainText
  /** Whether it came with the release and answers a tenant that has none of the name. */
  readonly isStarter: boolean
  private readonly lent = new Map<string, ServedClassifier>()
  private msPerUnit: number | undefined

  constructor(manifest: ServedClassifier['manifest'], classifier: TextClassifier, { cache, lender }: ServedBy = {}) {
    this.cache = cache
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
    const made = new ServedClassifier({ ...this.manifest, tenant }, this.classifier, {
      cache: this.cache,
      lender: this,
    })
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

/** UTF-16 units, at least one. */
const unitsOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 1)
