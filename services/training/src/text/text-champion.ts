import type { TrainingJob } from '@rapport/contracts'
import type { TrainingControl } from '@rapport/ml'
import { decodeTextClassifier, TextClassifier } from '@rapport/text-models'
import type { TrainingContext } from '../training-context.ts'
import { classifyAll } from './held-out.ts'
import { readTextRecipe, type TextRecipe } from './text-recipe.ts'

/** What serves now. */
export interface TextChampion {
  /** Of the alias; 0 when there is none. */
  readonly revision: number
  readonly algorithm?: string
  /** Undefined when the version was made in another way, or cannot be read. */
  readonly recipe?: TextRecipe
  /**
   * Probabilities of texts by the version itself, in the order of the given labels; undefined when it has other labels.
   * For a version without a recipe: it may have been trained on the texts, which makes it look better than it is.
   */
  readonly classify?: (
    texts: readonly string[],
    names: readonly string[],
    control: TrainingControl,
  ) => Promise<Float32Array | undefined>
}

/** The champion of a job's model; one that cannot be read is no contender. */
export async function readTextChampion(
  { tenant, model }: Pick<TrainingJob, 'tenant' | 'model'>,
  { models, log }: Pick<TrainingContext, 'models' | 'log'>,
): Promise<TextChampion> {
  const alias = await models.readAlias({ tenant, name: model, alias: 'champion' })
  if (alias === undefined) return { revision: 0 }
  const { version, revision } = alias
  try {
    const manifest = await models.readManifest({ tenant, name: model, version })
    const { algorithm, parameters } = manifest
    const recipe = readTextRecipe(algorithm, parameters)
    if (recipe !== undefined) return { revision, algorithm, recipe }
    const classifier = new TextClassifier(decodeTextClassifier(await models.readFiles(manifest)))
    return {
      revision,
      algorithm,
      classify: async (texts, names, control) => {
        const order = names.map((name) => classifier.labels.indexOf(name))
        if (order.includes(-1) || names.length !== classifier.labels.length) return undefined
        return reorder(await classifyAll(classifier, texts, control), order)
      },
    }
  } catch (error) {
    log.warn({ err: error, version }, 'the champion cannot be read and is not compared')
    return { revision }
  }
}

/** Columns of rows in another order: column `at` is what column `order[at]` was. */
function reorder(probabilities: Float32Array, order: readonly number[]): Float32Array {
  const classes = order.length
  return probabilities.map((_, at) => probabilities[at - (at % classes) + (order[at % classes] as number)] as number)
}
