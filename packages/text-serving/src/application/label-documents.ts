import type { TextDocument, TextScore } from '@rapport/contracts'
import type { Pacer } from '@rapport/ml'
import type { ServedClassifier } from '../domain/served-classifier.ts'

export interface LabelOptions {
  /** The best so many scores; all when absent. */
  readonly topK?: number | undefined
  readonly threshold?: number | undefined
}

/** A document and the version that labels it. */
export interface AssignedDocument extends TextDocument {
  readonly served: ServedClassifier
}

/** What every service answers to a document, beside what is its own. */
export interface LabelResult {
  readonly label: string
  /** Of a model of several labels: those that the document has, which may be none. */
  readonly labels?: readonly string[]
  /** Best first. */
  readonly scores: readonly TextScore[]
  readonly language: string
}

/** A document and what is answered to it. */
export interface LabelledDocument {
  readonly document: AssignedDocument
  readonly result: LabelResult
  /** Number of the label that the model finds most probable for the document. */
  readonly best: number
}

export interface LabelCall extends LabelOptions {
  /** Lets others in between two slices. */
  readonly pacer: Pacer
  /** Of texts that hardly anybody will ask for again: their scores are not kept. */
  readonly isBulk?: boolean | undefined
}

/** Labels documents in order, in slices between which the event loop turns, and counts each with its version. */
export type LabelDocuments = (
  documents: readonly AssignedDocument[],
  call: LabelCall,
) => AsyncIterable<LabelledDocument>
