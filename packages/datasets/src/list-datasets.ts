import type { ObjectStore } from '@rapport/object-store'
import { checkDatasetRef, checkTenant, readKey, tenantPrefix, versionsPrefix, type DatasetRef } from './dataset-keys.ts'

/** The names of versions, the newest first; of a data set that is not there none. */
export async function listVersions(store: ObjectStore, ref: DatasetRef): Promise<string[]> {
  checkDatasetRef(ref)
  const versions: string[] = []
  for await (const { key } of store.list(versionsPrefix(ref))) {
    const found = readKey(ref.tenant, key)
    if (found?.isManifest === true) versions.push(found.ref.version)
  }
  return versions.sort().reverse()
}

/** Undefined when there is no such data set. */
export const newestVersion = async (store: ObjectStore, ref: DatasetRef): Promise<string | undefined> =>
  (await listVersions(store, ref))[0]

/** The data sets of a tenant by name, each with its versions, the newest first. */
export async function listDatasets(
  store: ObjectStore,
  tenant: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  checkTenant(tenant)
  const datasets = new Map<string, string[]>()
  for await (const { key } of store.list(tenantPrefix(tenant))) {
    const found = readKey(tenant, key)
    if (found?.isManifest !== true) continue
    const { name, version } = found.ref
    datasets.set(name, [version, ...(datasets.get(name) ?? [])])
  }
  return datasets
}
