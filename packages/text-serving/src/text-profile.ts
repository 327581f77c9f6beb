import type { ServiceName, TextModelTask } from '@rapport/contracts'
import type { TextClassifier } from '@rapport/text-models'
import type { LabelDocuments } from './application/label-documents.ts'

/** What tells one service of text models from another. */
export interface TextProfile {
  readonly service: ServiceName
  /** What the Open Inference Protocol says of the server. */
  readonly server: { readonly name: string; readonly version: string }
  /** Path of everything that it serves, `/v1/text`. */
  readonly prefix: string
  /** In the ids of its operations: `listTextModels`. */
  readonly word: string
  /** Names of its metrics begin so: `rapport_text`. */
  readonly metricPrefix: string
  /** Models of other tasks are refused. */
  readonly tasks: readonly TextModelTask[]
  /** The model of a request that names none. */
  readonly defaultModel: string
  /** `rapport train …` makes such a model. */
  readonly trainCommand: string
  readonly label: LabelDocuments
  /** The consumer group that labels the texts of events, and the topic of what it finds. */
  readonly stream: { readonly group: string; readonly topic: string }
  /** Throws when a classifier must not serve for its labels. */
  readonly checkLabels?: (classifier: Pick<TextClassifier, 'labels' | 'isMultiLabel'>) => void
}
