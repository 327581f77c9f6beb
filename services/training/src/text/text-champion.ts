import type { ModelManifest, TrainingJob } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { TrainingControl } from '@rapport/ml'
import { ModelRefusedError } from '@rapport/model-store'
import { decodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { TrainingDataError } from '../errors.ts'
import type { TrainingContext } from '../training-context.ts'
import { classifyAll } from './held-out.ts'
import { readTextRecipe, type TextRecipe } from './text-recipe.ts'

/** What serves now. */
export interface StandingVersion {
  readonly version: string
  readonly algorithm: string
  readonly labels: readonly string[]
  readonly rows: number
  readonly isMultiLabel: boolean
  /** Undefined when the version was made in another way. */
  readonly recipe?: TextRecipe
  /**
   * Probabilities of texts by the version itself, in the order of the given labels; undefined when it has other labels or
   * its files are no classifier. It may have been trained on the texts, which makes it look better than it is.
   */
  readonly classify: (
    texts: readonly string[],
    names: readonly string[],
    control: TrainingControl,
  ) => Promise<Float32Array | undefined>
}

export interface TextChampion {
  /** Of the alias; 0 when there is none. */
  readonly revision: number
  /** Name of the version, also of one that cannot be read. */
  readonly version?: string
  /** Undefined when there is none, or its manifest is none. */
  readonly standing?: StandingVersion
}

/** What is wrong with stored files, however often they are read. */
const corrupt = new Set([
  'RPT_OBJECT_CORRUPT',
  'RPT_ML_BUNDLE_INVALID',
  'RPT_ML_MODEL_INVALID',
  'RPT_TEXT_VECTORIZER_INVALID',
])

/**
 * The champion of a job's model; one that could serve nobody is no contender. @throws TrainingDataError when it is a model of
 * another task; what the object store throws, since a champion that cannot be reached may be better.
 */
export async function readTextChampion(
  { tenant, model, task }: Pick<TrainingJob, 'tenant' | 'model' | 'task'>,
  context: Pick<TrainingContext, 'models' | 'log'>,
): Promise<TextChampion> {
  const alias = await context.models.readAlias({ tenant, name: model, alias: 'champion' })
  if (alias === undefined) return { revision: 0 }
  const { version, revision } = alias
  const manifest = await unlessCorrupt(context.models.readManifest({ tenant, name: model, version }), version, context)
  if (manifest === undefined) return { revision, version }
  if (manifest.task !== task) {
    const problem = `"${model}" is a model of the task ${manifest.task}; give this one another name`
    throw new TrainingDataError('RPT_TRAINING_MODEL_TASK', problem)
  }
  const recipe = readTextRecipe(manifest.algorithm, manifest.parameters)
  const standing = {
    version,
    algorithm: manifest.algorithm,
    labels: manifest.labels ?? [],
    rows: manifest.data.rows,
    isMultiLabel: manifest.parameters['multiLabel'] === true,
    ...(recipe !== undefined && { recipe }),
    classify: async (texts: readonly string[], names: readonly string[], control: TrainingControl) => {
      const classifier = await unlessCorrupt(readClassifier(manifest, context), version, context)
      if (classifier === undefined) return undefined
      const order = names.map((name) => classifier.labels.indexOf(name))
      if (order.includes(-1) || names.length !== classifier.labels.length) return undefined
      return reorder(await classifyAll(classifier, texts, control), order)
    },
  }
  return { revision, version, standing }
}

async function readClassifier(
  manifest: ModelManifest,
  { models }: Pick<TrainingContext, 'models'>,
): Promise<TextClassifier> {
  return new TextClassifier(decodeTextClassifier(await models.readFiles(manifest)))
}

async function unlessCorrupt<Value>(
  read: Promise<Value>,
  version: string,
  { log }: Pick<TrainingContext, 'log'>,
): Promise<Value | undefined> {
  try {
    return await read
  } catch (error) {
    const isCorrupt = error instanceof ModelRefusedError || (error instanceof RapportError && corrupt.has(error.code))
    if (!isCorrupt) throw error
    log.warn({ err: error, version }, 'the champion cannot be read and is not compared')
    return undefined
  }
}

/** Columns of rows in another order: column `at` is what column `order[at]` was. */
function reorder(probabilities: Float32Array, order: readonly number[]): Float32Array {
  const classes = order.length
  return probabilities.map((_, at) => probabilities[at - (at % classes) + (order[at % classes] as number)] as number)
}
