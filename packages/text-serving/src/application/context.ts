import type { Log } from '@rapport/core'
import type { ModelStore } from '@rapport/model-store'
import type { ClassifierHost } from '../adapters/classifier-hosts.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import type { LabelJobQueue } from '../jobs/label-job-worker.ts'
import type { TextMetrics } from '../metrics.ts'
import type { TextProfile } from '../text-profile.ts'
import type { TextModelHost } from './find-model.ts'
import type { ShadowScoring } from './shadow-scoring.ts'

/** What the use cases of a service share. */
export interface TextContext {
  readonly profile: TextProfile
  readonly host: TextModelHost
  readonly store: Pick<ModelStore, 'listModels' | 'listVersions' | 'readAlias' | 'readManifest'>
  /** The models in memory. */
  readonly served: ReadonlySet<ServedClassifier>
  /** Undefined where none answers. */
  readonly challengers: ClassifierHost | undefined
  readonly shadow: ShadowScoring
  readonly jobs: LabelJobQueue
  readonly metrics: TextMetrics
  readonly log: Log
  /** For all explanations of a call. */
  readonly explainTimeoutMs: number
}
