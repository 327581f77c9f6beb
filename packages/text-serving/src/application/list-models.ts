import type { ModelManifest, TextModelList, TextModelTask } from '@rapport/contracts'
import { ModelRefusedError } from '@rapport/model-store'
import type { TextContext } from './context.ts'

type Listed = TextModelList['models'][number]

/** The tenant's models that have a champion and are of the service's tasks, by name. */
export async function listTextModels(
  { store, log, profile }: Pick<TextContext, 'store' | 'log' | 'profile'>,
  tenant: string,
): Promise<readonly Listed[]> {
  const names = await store.listModels(tenant)
  const found = await Promise.all(
    names.map(async (name) => {
      const champion = await store.readAlias({ tenant, name, alias: 'champion' })
      if (champion === undefined) return undefined
      try {
        return describe(await store.readManifest({ tenant, name, version: champion.version }), profile.tasks)
      } catch (error) {
        if (!(error instanceof ModelRefusedError)) throw error
        log.warn({ err: error, tenant, model: name }, 'a champion was left out of the list')
        return undefined
      }
    }),
  )
  return found.filter((listed) => listed !== undefined)
}

function describe(manifest: ModelManifest, tasks: readonly TextModelTask[]): Listed | undefined {
  const { name, version, algorithm, labels = [], metrics, createdAt, parameters } = manifest
  const multiLabel = parameters['multiLabel'] === true
  const task = tasks.find((known) => known === manifest.task)
  return (
    task && { name, task, champion: version, algorithm, labels, ...(multiLabel && { multiLabel }), metrics, createdAt }
  )
}
