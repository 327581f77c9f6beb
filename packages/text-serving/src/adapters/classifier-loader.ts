import type { ModelLoader } from '@rapport/model-store'
import { ownSegmenterBytes } from '@rapport/text'
import { decodeTextClassifier, ownWordsOf, runTextSelfCheck, TextClassifier } from '@rapport/text-models'
import { ServedClassifier, type KnownScores } from '../domain/served-classifier.ts'
import type { TextProfile } from '../text-profile.ts'

/**
 * Beside the arrays of its files a loaded classifier holds its tokens as strings and tables to find them by: 0.9 to 1.9
 * times its files were measured, 1.1 to 3.1 with its explainer.
 */
const memoryPerFileByte = 3
/** Loads the word segmentation, where the model needs it. */
const warmUpText = 'a good example 一个很好的例子'

/** Text classifiers for the model host; those in memory stand in `served`. */
export function createClassifierLoader(
  { tasks, checkLabels }: Pick<TextProfile, 'tasks' | 'checkLabels'>,
  served: Set<ServedClassifier>,
  cache: KnownScores,
): ModelLoader<ServedClassifier> {
  return {
    tasks,
    estimateBytes: ({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0) * memoryPerFileByte,
    shared: ({ parameters }) => {
      const words = ownWordsOf(parameters)
      return words && { key: JSON.stringify(words), bytes: ownSegmenterBytes }
    },
    decode: (files, manifest) => {
      const made = new ServedClassifier(manifest, new TextClassifier(decodeTextClassifier(files)), { cache })
      checkLabels?.(made.classifier)
      served.add(made)
      return made
    },
    selfCheck: ({ classifier }, expected) => runTextSelfCheck(classifier, expected),
    warmUp: ({ classifier }) => void classifier.classify([warmUpText]),
    dispose: (made) => served.delete(made),
  }
}
