import { multiLabelAlgorithms, type CreateTextJob, type DatasetManifest } from '@rapport/contracts'
import { newestVersion } from '@rapport/datasets'
import { ModelRefusedError, type ModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { HttpError, notFound } from '@rapport/service-kit'
import { recommenderModel } from '../jobs/training-scheduler.ts'
import { readVersion } from './datasets/read-datasets.ts'
import type { NewJob } from './training-jobs.ts'

/** Names of the models that the text tasks train when the caller names none. */
const defaultModels = { 'text-classification': 'text', sentiment: 'sentiment' } as const

type TextJob = Pick<
  NewJob,
  'task' | 'model' | 'dataset' | 'algorithms' | 'objective' | 'device' | 'dictionary' | 'hashBits'
>

/**
 * What a wanted training on texts is, with the version of the data set that stands now.
 * @throws HttpError 404 when there is no such data set; 409 when no classifier can learn from it, or the model is of another task.
 */
export async function readTextJob(
  { objectStore, models }: { readonly objectStore: ObjectStore; readonly models: ModelStore },
  tenant: string,
  wanted: CreateTextJob,
): Promise<TextJob> {
  const { task, dataset, algorithms, device, dictionary, hashBits, objective = 'accuracy' } = wanted
  const { model = defaultModels[task] } = wanted
  const version = dataset.version ?? (await newestVersion(objectStore, { tenant, name: dataset.name }))
  if (version === undefined) throw notFound(`data set "${dataset.name}"`)
  const manifest = await readVersion(objectStore, { tenant, name: dataset.name, version })
  checkLabels(manifest, wanted)
  await checkModel(models, { tenant, model, task })
  return {
    task,
    model,
    dataset: { name: dataset.name, version },
    objective,
    ...(algorithms !== undefined && { algorithms: [...algorithms] }),
    ...(device !== undefined && { device }),
    ...(dictionary !== undefined && { dictionary: [...dictionary] }),
    ...(hashBits !== undefined && { hashBits }),
  }
}

function checkLabels(
  { name, multiLabel, classes }: DatasetManifest,
  { task, algorithms = [...multiLabelAlgorithms] }: CreateTextJob,
): void {
  const refuse = (reason: string): HttpError => {
    const details = [{ field: 'dataset', reason }]
    return new HttpError(409, 'RPT_TRAINING_DATASET', `The data set "${name}" ${reason}.`, details)
  }
  if (multiLabel && task === 'sentiment') throw refuse('has several labels a row; a text has one sentiment')
  if (multiLabel && !algorithms.some((each) => multiLabelAlgorithms.some((known) => known === each))) {
    throw refuse(`has several labels a row, which are learnt by ${multiLabelAlgorithms.join(' and ')} alone`)
  }
  if (classes.length < 2) throw refuse(classes.length === 0 ? 'has no labels' : 'has one label; two are needed')
}

/** A model keeps its task, so that what serves it is never handed another kind. */
async function checkModel(
  models: ModelStore,
  { tenant, model, task }: { readonly tenant: string; readonly model: string; readonly task: string },
): Promise<void> {
  const standing = model === recommenderModel ? 'recommender' : await championTask(models, { tenant, name: model })
  if (standing === undefined || standing === task) return
  const reason = `is a model of the task ${standing}`
  const details = [{ field: 'model', reason }]
  throw new HttpError(409, 'RPT_TRAINING_MODEL_TASK', `"${model}" ${reason}; give this one another name.`, details)
}

/** Undefined without a champion that can be read. */
async function championTask(
  models: ModelStore,
  ref: { readonly tenant: string; readonly name: string },
): Promise<string | undefined> {
  const champion = await models.readAlias({ ...ref, alias: 'champion' })
  if (champion === undefined) return undefined
  try {
    return (await models.readManifest({ ...ref, version: champion.version })).task
  } catch (error) {
    if (error instanceof ModelRefusedError) return undefined
    throw error
  }
}
