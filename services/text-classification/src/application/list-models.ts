import { textModelTasks, type ModelManifest, type TextModelList } from '@rapport/contracts'
import { ModelRefusedError } from '@rapport/model-store'
import type { TextContext } from './context.ts'

type Listed = TextModelList['models'][number]

const isTextTask = (task: string): task is Listed['task'] => textModelTasks.some((known) => known === task)

/** The tenant's models that have a champion and classify texts, by name. */
export async function listTextModels({ store, log }: TextContext, tenant: string): Promise<readonly Listed[]> {
  const names = await store.listModels(tenant)
  const found = await Promise.all(
    names.map(async (name) => {
      const champion = await store.readAlias({ tenant, name, alias: 'champion' })
      if (champion === undefined) return undefined
      try {
        return describe(await store.readManifest({ tenant, name, version: champion.version }))
      } catch (error) {
        if (!(error instanceof ModelRefusedError)) throw error
        log.warn({ err: error, tenant, model: name }, 'a champion was left out of the list')
        return undefined
      }
    }),
  )
  return found.filter((listed) => listed !== undefined)
}

function describe({
  name,
  task,
  version,
  algorithm,
  labels = [],
  metrics,
  createdAt,
}: ModelManifest): Listed | undefined {
  return isTextTask(task) ? { name, task, champion: version, algorithm, labels, metrics, createdAt } : undefined
}
