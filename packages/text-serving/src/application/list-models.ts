import { starterTenant, type ModelManifest, type TextModelList, type TextModelTask } from '@rapport/contracts'
import { ModelRefusedError } from '@rapport/model-store'
import type { TextContext } from './context.ts'

type Listed = TextModelList['models'][number]

type ListContext = Pick<TextContext, 'store' | 'log' | 'profile'>

/** The tenant's models that have a champion and are of the service's tasks, by name, and the starter that it falls back to. */
export async function listTextModels(context: ListContext, tenant: string): Promise<readonly Listed[]> {
  const { store, profile } = context
  const { defaultModel, tasks } = profile
  const names = await store.listModels(tenant)
  const own = names.includes(defaultModel)
    ? await store.readAlias({ tenant, name: defaultModel, alias: 'champion' })
    : undefined
  const read = [
    ...names.map((name) => readChampion(context, tenant, name)),
    ...(own === undefined ? [readChampion(context, starterTenant, defaultModel)] : []),
  ]
  const manifests = (await Promise.all(read)).filter((manifest) => manifest !== undefined)
  return manifests.flatMap((manifest) => describe(manifest, tasks) ?? [])
}

async function readChampion(
  { store, log }: ListContext,
  tenant: string,
  name: string,
): Promise<ModelManifest | undefined> {
  const champion = await store.readAlias({ tenant, name, alias: 'champion' })
  if (champion === undefined) return undefined
  try {
    return await store.readManifest({ tenant, name, version: champion.version })
  } catch (error) {
    if (!(error instanceof ModelRefusedError)) throw error
    log.warn({ err: error, tenant, model: name }, 'a champion was left out of the list')
    return undefined
  }
}

function describe(manifest: ModelManifest, tasks: readonly TextModelTask[]): Listed | undefined {
  const { name, version, algorithm, labels = [], metrics, createdAt, parameters, starter } = manifest
  const multiLabel = parameters['multiLabel'] === true
  const task = tasks.find((known) => known === manifest.task)
  return (
    task && {
      name,
      task,
      champion: version,
      algorithm,
      labels,
      ...(multiLabel && { multiLabel }),
      metrics,
      createdAt,
      ...(starter && { starter }),
    }
  )
}
